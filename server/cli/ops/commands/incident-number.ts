import type { CommandInput } from '#server/cli/ops/command';
import { usageFailure } from '#server/cli/ops/failure';

/** The number that a call means. @throws OpsFailure `usage` */
export function incidentNumberOf(input: CommandInput): number {
  return incidentNumber(input.args[0] ?? '');
}

/** The number that a text means: `INC-42`, `inc-42`, `#42` or `42`. @throws OpsFailure `usage` */
export function incidentNumber(given: string): number {
  const digits = /^(?:inc-|#)?(\d{1,9})$/i.exec(given)?.[1];
  if (digits !== undefined) return Number(digits);
  throw usageFailure(
    `"${given}" is no incident.`,
    'Name it by its number, like INC-42. See "ops incident list".',
  );
}
