import { recordAudit } from '#server/audit/commands';
import { type ImpactEntry, type ImpactInputs, incidentImpactKnown } from '#server/business/contract';
import { BUSINESS_SOURCES, type BusinessSource } from '#server/business/drivers/source';
import { IMPACT_METHOD, priorSpans, type Reckoning, reckonImpact, type Span } from '#server/business/state';
import { type ImpactKind, impactWords } from '#server/business/words/contract';
import type { IncidentDetail } from '#server/incidents/contract';
import type { Ctx } from '#server/platform/context';
import { publish } from '#server/platform/events';
import type { IncidentImpact as Row } from '#server/platform/generated/prisma/client';
import { Prisma } from '#server/platform/generated/prisma/client';
import { notify } from '#server/platform/notify';
import { environmentViews } from '#server/services/queries';

type Place = Pick<IncidentDetail, 'service' | 'environment'>;
type Found =
  | { problem: null; service: string; environment: string; source: BusinessSource }
  | { problem: string };

/**
 * Where the business of an incident is read. One of no single environment takes the only source that there is where it may
 * be; environments for rehearsals have no customers.
 */
export function findSource(ctx: Ctx, { service, environment }: Place): Found {
  const sources = ctx.use(BUSINESS_SOURCES);
  const found = environmentViews(ctx).flatMap((each) => {
    const isOf = service === null || each.service === service;
    const isThere = environment === null ? !each.isPractice : each.environment === environment;
    const source = isOf && isThere ? sources(each.service, each.environment) : null;
    return source ? [{ service: each.service, environment: each.environment, source }] : [];
  });
  const [only, ...others] = found;
  const place = environment ? `${service}/${environment}` : (service ?? 'any service');
  if (!only) return { problem: `No source of orders, payments and visits is set up for ${place}.` };
  if (others.length > 0)
    return {
      problem: `It is of no single environment, and ${found.length} have orders, payments and visits.`,
    };
  return { problem: null, ...only };
}

/** An estimate that is not recorded yet. */
export interface Estimate {
  span: Span;
  inputs: ImpactInputs;
  reckoning: Reckoning;
}

export function spanOf(ctx: Ctx, { startedAt, resolvedAt }: IncidentDetail): Span {
  const from = new Date(startedAt);
  const until = resolvedAt === null ? ctx.clock.now() : new Date(resolvedAt);
  return { from, until: until < from ? from : until };
}

/** Reads a source and reckons; changes nothing. @throws SourceError */
export async function estimate(
  ctx: Ctx,
  incident: IncidentDetail,
  { service, environment, source }: Extract<Found, { problem: null }>,
): Promise<Estimate> {
  const span = spanOf(ctx, incident);
  const [actual, ...prior] = await source.measure([span, ...priorSpans(span)]);
  if (!actual) throw new Error('The source measured nothing');
  const reckoning = reckonImpact(span, actual, prior);
  const inputs = {
    service,
    environment,
    currency: source.currency,
    measuredAt: ctx.clock.now().toISOString(),
    actual: actual.sums,
    weeks: reckoning.weeks,
  };
  return { span, inputs, reckoning };
}

/** A row to be added. */
export interface NewImpact {
  kind: ImpactKind;
  span: Span;
  figures: Omit<Reckoning, 'weeks'> & { currency: string | null };
  inputs?: ImpactInputs;
  reason?: string;
  /** The same again adds nothing. */
  dedupKey?: string;
}

/** What of an estimate is recorded. */
export function impactOf({ span, inputs, reckoning }: Estimate): NewImpact {
  const { weeks: _weeks, ...figures } = reckoning;
  return { kind: 'estimate', span, inputs, figures: { ...figures, currency: inputs.currency } };
}

/**
 * Adds to what is known of an incident's cost, in the caller's transaction, and tells whom it concerns.
 * @returns false where the key was there
 */
export async function addImpact(tx: Ctx, incident: IncidentDetail, impact: NewImpact): Promise<boolean> {
  const { number, title, name, service, environment } = incident;
  const { kind, span, figures, inputs, reason = null, dedupKey = null } = impact;
  const { id: incidentId } = await tx.db.incident.findUniqueOrThrow({
    where: { number },
    select: { id: true },
  });
  const isPerson = tx.actor.type === 'user';
  const method = kind === 'estimate' ? IMPACT_METHOD : null;
  const [row] = await tx.db.incidentImpact.createManyAndReturn({
    data: [
      {
        ...figures,
        incidentId,
        kind,
        spanFrom: span.from,
        spanUntil: span.until,
        method: method?.name ?? null,
        methodVersion: method?.version ?? null,
        inputs: inputs ?? Prisma.DbNull,
        reason,
        dedupKey,
        authorId: isPerson ? tx.actor.id : null,
        authorName: tx.actor.name,
      },
    ],
    skipDuplicates: true,
    select: { id: true },
  });
  if (!row) return false;
  const id = String(row.id);
  const text = impactWords(figures);
  await recordAudit(tx, {
    action: `business.${kind}-impact`,
    target: { type: 'incident', id: incidentId, label: `${name} ${title}` },
    service,
    environment,
    reason,
    details: { impactId: id, ...figures },
  });
  await notify(tx.db, { kind: 'incident', number });
  await publish(tx, incidentImpactKnown, {
    number,
    recorded: { id, kind, text: reason ? `${text} Why: ${reason}` : text, authorName: tx.actor.name },
  });
  return true;
}

/** Everything that was recorded of what an incident cost, the first first. */
export async function readHistory(
  ctx: Ctx,
  number: number,
): Promise<(ImpactEntry & { isOfConsole: boolean })[]> {
  const rows = await ctx.db.incidentImpact.findMany({
    where: { incident: { number } },
    orderBy: { id: 'asc' },
  });
  return rows.map((row) => ({ ...toEntry(row), isOfConsole: row.authorId === null }));
}

export function toEntry(row: Row): ImpactEntry {
  return {
    id: String(row.id),
    kind: row.kind as ImpactKind,
    method: row.method,
    methodVersion: row.methodVersion,
    from: row.spanFrom.toISOString(),
    until: row.spanUntil.toISOString(),
    currency: row.currency,
    revenueLowMinor: row.revenueLowMinor === null ? null : Number(row.revenueLowMinor),
    revenueHighMinor: row.revenueHighMinor === null ? null : Number(row.revenueHighMinor),
    revenueProblem: row.revenueProblem,
    usersLow: row.usersLow,
    usersHigh: row.usersHigh,
    usersProblem: row.usersProblem,
    inputs: row.inputs === null ? null : (row.inputs as ImpactInputs),
    reason: row.reason,
    authorName: row.authorName,
    recordedAt: row.recordedAt.toISOString(),
  };
}
