import { momentProblem } from '#server/incidents/state';
import type { Ctx } from '#server/platform/context';
import { AppError } from '#server/platform/errors';

/**
 * A time that a person gave for something that has happened; null where none was given.
 * @throws AppError `invalid_input` for one that has not come yet, or is too long ago
 */
export function pastMoment(ctx: Ctx, field: string, given: string | undefined): Date | null {
  if (given === undefined) return null;
  const at = new Date(given);
  const problem = momentProblem(at, ctx.clock.now());
  if (problem === null) return at;
  throw new AppError('invalid_input', `${field}: ${problem} Nothing was changed.`, {
    fields: { [field]: [problem] },
  });
}
