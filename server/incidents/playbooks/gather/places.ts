import type { Ctx } from '#server/platform/context';
import { AppError } from '#server/platform/errors';
import type { EnvironmentKey } from '#server/services/contract';
import { environmentViews } from '#server/services/queries';

/** The environments that something is about: the one named, or those of its service that people depend on. */
export function placesOf(
  ctx: Ctx,
  { service, environment }: { service: string | null; environment: string | null },
): EnvironmentKey[] {
  const all = environmentViews(ctx).filter(
    (each) => each.service === service && (environment === null || each.environment === environment),
  );
  const needed = all.filter(({ isPractice }) => !isPractice);
  return (needed.length > 0 ? needed : all).map((each) => ({
    service: each.service,
    environment: each.environment,
  }));
}

/** Why there is nothing to look at, in words; null where there is. */
export function whyNowhere(
  { service, environment }: { service: string | null; environment: string | null },
  places: readonly EnvironmentKey[],
): string | null {
  if (places.length > 0) return null;
  return service === null
    ? 'Nothing: the incident names no service, so it is not known what to look at.'
    : `Nothing: ${environment === null ? service : `${service}/${environment}`} is no longer configured.`;
}

/** What a look brings, or why it brought nothing, in words for people: one look that fails costs no other. */
export async function attempt<T>(
  ctx: Ctx,
  what: string,
  work: () => Promise<T>,
): Promise<{ value: T; problem: null } | { value: null; problem: string }> {
  try {
    return { value: await work(), problem: null };
  } catch (error) {
    if (error instanceof AppError)
      return { value: null, problem: error.message.replace(/ Nothing was .*$/, '') };
    ctx.log.warn({ err: error, what }, 'a part of an assessment could not be read');
    return { value: null, problem: 'The console could not read it; its log says why.' };
  }
}
