import { enhancedIntervalSeconds } from '#server/maintenance/queries';
import { createProber, type Prober } from '#server/monitoring/checks/drivers/prober';
import { ensureCheckPartitions } from '#server/monitoring/checks/partitions';
import { watchStalls } from '#server/monitoring/checks/stall-watch';
import type { ProbeResult } from '#server/monitoring/checks/state';
import {
  type CheckResult,
  type ClaimedCheck,
  type ClaimLimits,
  claimDueChecks,
  keepResults,
} from '#server/monitoring/checks/store';
import { mayAsk } from '#server/monitoring/checks/sync';
import { type App, type Ctx, systemActor } from '#server/platform/context';
import { isDatabaseAway } from '#server/platform/database-errors';
import { startTaskLoop, type TaskLoop } from '#server/platform/leased-tasks';
import { environmentViews } from '#server/services/queries';

/** Results wait this long for others, to be kept together, ms. */
const GATHER_MS = 50;
/** For so long it is believed whether enhanced monitoring is on, ms. */
const PACES_GOOD_MS = 1_000;

/**
 * Does the checks that are due until it is stopped; several workers share them. What is under way is bounded in all and
 * for each target, so that targets that hang hold up none but themselves.
 */
export function startCheckLoop(app: App, onError: (error: unknown) => void): TaskLoop {
  const ctxOf = () => app.for(systemActor('checks'));
  const stalls = watchStalls();
  const prober = createProber({ stalledMs: stalls.stalledMs });
  const busy = new Map<string, number>();
  const paces = createPaces(ctxOf);
  const results = gatherResults(ctxOf, onError);
  const count = (target: string, by: number): void => {
    const now = (busy.get(target) ?? 0) + by;
    if (now > 0) busy.set(target, now);
    else busy.delete(target);
  };
  const loop = startTaskLoop<ClaimedCheck>({
    pollMs: app.env.CHECK_POLL_MS,
    concurrency: app.env.CHECK_CONCURRENCY,
    claim: async (limit) => {
      const ctx = ctxOf();
      const claimed = await claimDueChecks(ctx, {
        limit,
        perTarget: app.env.CHECK_TARGET_CONCURRENCY,
        busy,
        leaseMs: app.env.CHECK_LEASE_MS,
        paces: await paces(),
      });
      for (const { target } of claimed) count(target, 1);
      return claimed;
    },
    run: async (check) => {
      try {
        const result = await takeCheck(ctxOf(), prober, check);
        await results.add({ check, endedAt: new Date(), result });
      } finally {
        count(check.target, -1);
      }
    },
    onError,
  });
  return {
    stop: async () => {
      await loop.stop();
      stalls.stop();
      prober.close();
    },
  };
}

/** Asks the target, if the configuration still lets it be asked. */
async function takeCheck(ctx: Ctx, prober: Prober, check: ClaimedCheck): Promise<ProbeResult> {
  if (mayAsk(ctx, check, check.target)) return prober.probe(check);
  return {
    outcome: 'not_run',
    durationMs: 0,
    statusCode: null,
    message: `The configuration no longer lets checks ask ${check.target}.`,
    subChecks: null,
  };
}

/** Environments with enhanced monitoring, asked for again now and then. */
function createPaces(ctxOf: () => Ctx): () => Promise<ClaimLimits['paces']> {
  let known: ClaimLimits['paces'] = [];
  let goodUntilMs = 0;
  return async () => {
    if (performance.now() < goodUntilMs) return known;
    const ctx = ctxOf();
    const found: (typeof known)[number][] = [];
    for (const { service, environment } of environmentViews(ctx)) {
      const seconds = await enhancedIntervalSeconds(ctx, { service, environment });
      if (seconds !== null) found.push({ service, environment, intervalMs: seconds * 1_000 });
    }
    known = found;
    goodUntilMs = performance.now() + PACES_GOOD_MS;
    return known;
  };
}

/**
 * Keeps results together, or each by itself when the database refuses them together: one that cannot be kept costs no
 * other. @throws when the database is away
 */
export async function keepAsMany(
  ctx: Ctx,
  results: readonly CheckResult[],
  onError: (error: unknown) => void,
): Promise<void> {
  try {
    await keepResults(ctx, results);
  } catch (error) {
    if (isDatabaseAway(error)) throw error;
    onError(error);
    if (results.length > 1) for (const result of results) await keepAsMany(ctx, [result], onError);
  }
}

/** Keeps results together that come at about the same time: one statement costs little more than one result. */
function gatherResults(ctxOf: () => Ctx, onError: (error: unknown) => void) {
  let gathered: CheckResult[] = [];
  let flushing: Promise<void> | null = null;
  const flush = async (): Promise<void> => {
    await new Promise((resolve) => setTimeout(resolve, GATHER_MS));
    const batch = gathered;
    gathered = [];
    flushing = null;
    try {
      const ctx = ctxOf();
      await ensureCheckPartitions(ctx);
      await keepAsMany(ctx, batch, onError);
    } catch (error) {
      // Those checks are taken up again when their lease is over.
      onError(error);
    }
  };
  return {
    /** Resolves when the result is kept, or was not to be kept. */
    add: (result: CheckResult): Promise<void> => {
      gathered.push(result);
      flushing ??= flush();
      return flushing;
    },
  };
}
