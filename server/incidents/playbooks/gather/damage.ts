import type { CheckFact, DamageAt, DamageFacts } from '#server/incidents/playbooks/contract';
import { gatherEndpoints, WINDOW_SECONDS } from '#server/incidents/playbooks/gather/endpoints';
import { attempt, placesOf, whyNowhere } from '#server/incidents/playbooks/gather/places';
import type { MeasureReason } from '#server/metrics/contract';
import { measureMany } from '#server/metrics/queries/measure-many';
import { listAlerts } from '#server/monitoring/alerts/queries';
import { BOARD_SPECS } from '#server/monitoring/board/contract';
import type { CheckView } from '#server/monitoring/checks/contract';
import { getServiceHealth } from '#server/monitoring/checks/queries/checks';
import { whyNotWell } from '#server/monitoring/checks/words/contract';
import { type Ctx, systemActor } from '#server/platform/context';
import { Prisma } from '#server/platform/generated/prisma/client';
import { findRunSummaries } from '#server/runs/queries';
import type { EnvironmentKey } from '#server/services/contract';

const CHANGES_HOURS = 24;
const CHANGES_MAX = 20;
const ALERTS_MAX = 50;
/** An assessment keeps so many checks, the worst first; all are counted. */
const CHECKS_MAX = 30;

const FIGURES = [
  ['error rate', 'errors'],
  ['response time', 'latency'],
  ['requests', 'requests'],
] as const;
const WHY_NO_FIGURE: Record<Exclude<MeasureReason, null>, string> = {
  no_data: 'no metrics of it came in the last 5 minutes',
  no_traffic: 'nobody asked for anything in the last 5 minutes',
};

/** What can be measured now of what an incident is about. Reads alone; what cannot be read is named with its reason. */
export async function gatherDamage(
  outer: Ctx,
  about: { service: string | null; environment: string | null },
): Promise<DamageFacts> {
  // What is found is told to all who may read incidents, whoever asks: it is the console that looks.
  const ctx = outer.as(systemActor('The console'));
  const places = placesOf(ctx, about);
  const nowhere = whyNowhere(about, places);
  return {
    places: await Promise.all(places.map((place) => gatherAt(ctx, place))),
    notMeasured: nowhere === null ? [] : [nowhere],
  };
}

async function gatherAt(ctx: Ctx, place: EnvironmentKey): Promise<DamageAt> {
  const now = ctx.clock.now();
  const since = new Date(now.getTime() - CHANGES_HOURS * 3_600_000);
  const { service, environment } = place;
  const [health, figures, endpoints, alerts, changes] = await Promise.all([
    attempt(ctx, 'health', () => getServiceHealth(ctx, place)),
    attempt(ctx, 'figures', () =>
      measureMany(
        ctx,
        FIGURES.map(([, key]) => requestOf(place, key)),
      ),
    ),
    attempt(ctx, 'endpoints', () => gatherEndpoints(ctx, place)),
    attempt(ctx, 'alerts', () => listAlerts(ctx, { ...place, state: 'open', pageSize: ALERTS_MAX })),
    attempt(ctx, 'changes', () =>
      findRunSummaries(
        ctx,
        Prisma.sql`r.service = ${service} AND r.environment = ${environment} AND r.created_at >= ${since}`,
        CHANGES_MAX,
      ),
    ),
  ]);
  const checks = (health.value?.checks ?? []).toSorted(byGravity);
  const problems = [
    health.problem && `checks: ${health.problem}`,
    health.value && checks.length === 0 ? 'checks: there are none.' : null,
    ...checks.filter(({ state }) => state === 'not_run').map(couldNotRun),
    figures.problem && `figures: ${figures.problem}`,
    ...(figures.value ?? []).map(({ value, reason }, at) =>
      value === null ? `${FIGURES[at]?.[0]}: ${WHY_NO_FIGURE[reason ?? 'no_data']}.` : null,
    ),
    endpoints.problem && `endpoints: ${endpoints.problem}`,
    endpoints.value?.missing ?? null,
    alerts.problem && `alerts: ${alerts.problem}`,
    changes.problem && `changes: ${changes.problem}`,
  ];
  const figure = (at: number) => figures.value?.[at]?.value ?? null;
  return {
    ...place,
    health: checks.length > 0 ? (health.value?.state ?? 'unknown') : 'unknown',
    checks: checks.slice(0, CHECKS_MAX).map(toFact),
    checksTotal: checks.filter(({ state }) => state !== 'paused').length,
    checksFailing: checks.filter(({ state }) => state === 'failed').length,
    errorPercent: figure(0),
    latencyP95Ms: figure(1),
    requestsPerSecond: figure(2),
    endpoints: endpoints.value?.worst ?? [],
    alerts: (alerts.value?.rows ?? []).map(({ id, title, severity, state, openedAt }) => ({
      alertId: id,
      title,
      severity,
      state,
      openedAt,
    })),
    changes: (changes.value ?? []).map((run) => ({
      runId: run.id,
      number: run.number,
      title: run.title,
      status: run.status,
      at: run.createdAt,
      byName: run.requestedByName,
    })),
    notMeasured: problems.filter((each): each is string => each !== null && each !== ''),
  };
}

function requestOf(place: EnvironmentKey, key: 'errors' | 'latency' | 'requests') {
  const measure = BOARD_SPECS[key].series[0]?.measure;
  if (!measure) throw new Error(`The chart ${key} has no series`);
  return { ...place, measure, windowSeconds: WINDOW_SECONDS };
}

const GRAVITY = ['failed', 'not_run', 'waiting', 'ok', 'paused'];

function byGravity(a: CheckView, b: CheckView): number {
  return GRAVITY.indexOf(a.state) - GRAVITY.indexOf(b.state) || a.title.localeCompare(b.title);
}

function couldNotRun(check: CheckView): string {
  return `check ${check.title}: ${whyNotWell(check) ?? 'the console could not look.'}`;
}

function toFact(check: CheckView): CheckFact {
  const { id, title, target, state, since } = check;
  return { checkId: id, title, target, state, since, message: whyNotWell(check) };
}
