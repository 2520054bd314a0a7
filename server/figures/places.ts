import type { Span } from '#server/figures/state';
import type { Ctx } from '#server/platform/context';
import { AppError } from '#server/platform/errors';
import { Prisma } from '#server/platform/generated/prisma/client';
import { environmentViews, findEnvironmentConfig } from '#server/services/queries';

/** Which part of the work figures are of. */
export interface Scope {
  service?: string | undefined;
  environment?: string | undefined;
}

/** Every environment of the scope that is not for practice, with how long the console puts what begins down to a release. */
export function placesOf(ctx: Ctx, { service, environment }: Scope) {
  return environmentViews(ctx).flatMap((each) => {
    if (each.isPractice) return [];
    if (service !== undefined && each.service !== service) return [];
    if (environment !== undefined && each.environment !== environment) return [];
    const { attributionMinutes } = findEnvironmentConfig(ctx, each)?.automaticRollback ?? {};
    return [
      {
        service: each.service,
        environment: each.environment,
        attributionMs: (attributionMinutes ?? 0) * 60_000,
      },
    ];
  });
}

/** @throws AppError `unprocessable` for a place that there is not, or that is for practice */
export function assertScope(ctx: Ctx, scope: Scope): void {
  const { service, environment } = scope;
  if ((service === undefined && environment === undefined) || placesOf(ctx, scope).length > 0) return;
  const words = [service, environment].filter((each) => each !== undefined).join('/');
  const isPractice = environmentViews(ctx).some(
    (each) =>
      (service === undefined || each.service === service) &&
      (environment === undefined || each.environment === environment),
  );
  throw new AppError(
    'unprocessable',
    isPractice ? `${words} is for practice, and nothing of it counts.` : `There is no ${words}.`,
    { hint: 'Choose one of the services and environments that visitors use.' },
  );
}

/** The incidents that began from `from` on, within the scope; what is about a practice environment is left out. */
export function incidentsOf(
  ctx: Ctx,
  { service, environment }: Scope,
  from: Date,
  to: Span['to'],
): Prisma.Sql {
  const all = [Prisma.sql`i.started_at >= ${from} AND i.started_at < ${to}`];
  if (service !== undefined) all.push(Prisma.sql`i.service = ${service}`);
  if (environment !== undefined) all.push(Prisma.sql`i.environment = ${environment}`);
  for (const each of environmentViews(ctx)) {
    if (!each.isPractice) continue;
    all.push(Prisma.sql`(i.service = ${each.service} AND i.environment = ${each.environment}) IS NOT TRUE`);
  }
  return Prisma.join(all, ' AND ');
}
