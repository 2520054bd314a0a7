import type { Ctx } from '#server/platform/context';
import { AppError } from '#server/platform/errors';

/** Failures within the window after which no further attempt is looked at. */
export const FAILURES_PER_EMAIL = 5;
export const FAILURES_PER_ADDRESS = 20;
const WINDOW_MINUTES = 15;

/**
 * Counts an attempt as failed before its password is looked at, so that attempts at the same time cannot pass the limit
 * together; {@link clearFailures} takes the count back after a success. The database's clock and locks judge, so all
 * web processes share one limit.
 * @throws AppError `rate_limited` with the seconds until the next attempt is looked at
 */
export async function admitAttempt(ctx: Ctx, email: string): Promise<void> {
  const address = ctx.request.ipAddress ?? 'unknown';
  const waitSeconds = await ctx.transaction(async (tx) => {
    for (const key of [`login e-mail ${email}`, `login address ${address}`].sort()) {
      await tx.db.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${key}, 0))`;
    }
    await tx.db.$executeRaw`
      DELETE FROM login_failure
      WHERE (email = ${email} OR ip_address = ${address})
        AND at < clock_timestamp() - make_interval(mins => ${WINDOW_MINUTES})`;
    const [row] = await tx.db.$queryRaw<{ wait: number | null }[]>`
      SELECT greatest(
        (SELECT extract(epoch FROM at - clock_timestamp()) FROM login_failure WHERE email = ${email}
         ORDER BY at DESC OFFSET ${FAILURES_PER_EMAIL - 1} LIMIT 1),
        (SELECT extract(epoch FROM at - clock_timestamp()) FROM login_failure WHERE ip_address = ${address}
         ORDER BY at DESC OFFSET ${FAILURES_PER_ADDRESS - 1} LIMIT 1)
      )::float8 + ${WINDOW_MINUTES * 60}::float8 AS wait`;
    if (row?.wait != null) return Math.max(1, Math.ceil(row.wait));
    await tx.db.$executeRaw`
      INSERT INTO login_failure (email, ip_address, at) VALUES (${email}, ${address}, clock_timestamp())`;
    return 0;
  });
  if (waitSeconds === 0) return;
  ctx.log.warn({ email, address, waitSeconds }, 'login refused by the rate limit');
  const minutes = Math.ceil(waitSeconds / 60);
  throw new AppError(
    'rate_limited',
    `Too many failed attempts. The next one is looked at in ${minutes} ${minutes === 1 ? 'minute' : 'minutes'}. Nothing was changed.`,
    {
      retryAfterSeconds: waitSeconds,
      hint: 'Wait, or ask an admin. People who are signed in are not affected.',
    },
  );
}

/** Forgets the failures of a person who proved the password. */
export async function clearFailures(ctx: Ctx, email: string): Promise<void> {
  await ctx.db.$executeRaw`DELETE FROM login_failure WHERE email = ${email}`;
}
