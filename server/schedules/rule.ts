import { AppError } from '#server/platform/errors';
import { cronProblem, timeZoneProblem } from '#server/schedules/state';

/** @throws AppError `invalid_input` with what is wrong, by field */
export function assertRule(rule: { cron: string; timeZone: string }): void {
  const cron = cronProblem(rule.cron);
  const timeZone = timeZoneProblem(rule.timeZone);
  if (!cron && !timeZone) return;
  throw new AppError('invalid_input', 'These times cannot be used. Nothing was changed.', {
    fields: { ...(cron ? { cron: [cron] } : {}), ...(timeZone ? { timeZone: [timeZone] } : {}) },
  });
}
