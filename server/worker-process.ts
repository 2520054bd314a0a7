import { hostname } from 'node:os';
import { bootstrap } from '#server/bootstrap';
import { resumeEnvironments } from '#server/deployments/resume-environments';
import { keepHouse } from '#server/housekeeping';
import { keepRollups } from '#server/metrics/rollups';
import { startScrapeLoop } from '#server/metrics/scrape';
import { keepAlerts } from '#server/monitoring/alerts/keep-alerts';
import { startCheckLoop } from '#server/monitoring/checks/loop';
import { startRuleLoop } from '#server/monitoring/rules/engine';
import { scanRequestLogs } from '#server/monitoring/security-events/scan-logs';
import { startNotificationSender } from '#server/notifications/sender';
import { type App, systemActor } from '#server/platform/context';
import { readEnv } from '#server/platform/env';
import { messageOf } from '#server/platform/errors';
import { deliverEvents } from '#server/platform/event-delivery';
import { openListener } from '#server/platform/listener';
import { startPollLoop } from '#server/platform/poll-loop';
import { onStopRequest } from '#server/platform/stop-request';
import type { RunHooks } from '#server/runs/engine';
import { startRunLoop } from '#server/runs/run-loop';
import { settleSchedules } from '#server/schedules/scheduler';
import { OPS_CONFIG } from '#server/services/queries';

/** How often a worker says that it lives; `/api/health` calls it gone after 15 s. */
const HEARTBEAT_MS = 3_000;

/** How often held notices and acknowledgements that expire are looked at. */
const ALERT_KEEPING_MS = 1_000;

/** Resuming goes on in the background after this long; runs wait no longer. */
const RESUME_MS = 20_000;

/** The worker process: executes runs, delivers events and keeps the schedules until it is told to stop. @throws EnvError */
export async function runWorker(hooks?: RunHooks): Promise<void> {
  const env = readEnv(process.env);
  const { app, close } = await bootstrap('worker', env);
  const workerId = app.ids.uuid();
  const listener = await openListener(env.DATABASE_URL, app.log);
  await beat(app, workerId);
  const heartbeat = setInterval(() => void beat(app, workerId).catch(logAway(app)), HEARTBEAT_MS);
  // What served before serves again before a run looks at it: a run interrupted in its validation must not find nobody.
  await withinMs(RESUME_MS, resumeEnvironments(app.for(systemActor('worker')))).catch((error: unknown) =>
    app.log.error({ err: error }, 'environments not resumed'),
  );
  const runs = startRunLoop(app, workerId, hooks);
  const events = startEventLoop(app, workerId);
  const schedules = startPollLoop(env.SCHEDULE_POLL_MS, () => settleSchedules(app), logAway(app));
  const scrapes = startScrapeLoop(app, logAway(app));
  const checks = startCheckLoop(app, logAway(app));
  const rules = startRuleLoop(app, logAway(app));
  const alerts = startPollLoop(ALERT_KEEPING_MS, () => keepAlerts(app), logAway(app));
  const rollups = startPollLoop(env.ROLLUP_POLL_MS, () => keepRollups(app), logAway(app));
  const housekeeping = startPollLoop(env.HOUSEKEEPING_MS, () => keepHouse(app), logAway(app));
  const notifications = startNotificationSender(app, workerId);
  const requestLogs = startPollLoop(env.REQUEST_LOG_POLL_MS, () => scanRequestLogs(app), logAway(app));
  const wakeAll = (): void => {
    runs.wake();
    events.wake();
    notifications.wake();
  };
  listener.subscribe((notice) => {
    if (notice.kind === 'work') runs.wake();
    if (notice.kind === 'event') events.wake();
    if (notice.kind === 'notification') notifications.wake();
  });
  listener.onReconnect(wakeAll);
  app.log.info({ workerId, pid: process.pid }, 'worker ready');
  onStopRequest(async () => {
    clearInterval(heartbeat);
    await Promise.all(
      [
        runs,
        events,
        schedules,
        notifications,
        housekeeping,
        requestLogs,
        scrapes,
        checks,
        rules,
        alerts,
        rollups,
      ].map((each) => each.stop()),
    );
    await listener.close();
    await app.database.client.worker.delete({ where: { id: workerId } }).catch(logAway(app));
    await close();
  }, app.log);
}

function startEventLoop(app: App, workerId: string): { wake(): void; stop(): Promise<void> } {
  let running: Promise<void> | null = null;
  let again = false;
  let stopped = false;
  const timer = setInterval(wake, app.env.EVENT_POLL_MS);
  async function drain(): Promise<void> {
    do {
      again = false;
      try {
        while (!stopped && (await deliverEvents(app, workerId)) > 0) again = false;
      } catch (error) {
        logAway(app)(error);
      }
    } while (again && !stopped);
  }
  function wake(): void {
    again = true;
    running ??= drain().finally(() => {
      running = null;
    });
  }
  wake();
  return {
    wake,
    stop: async () => {
      stopped = true;
      clearInterval(timer);
      await running;
    },
  };
}

async function beat(app: App, workerId: string): Promise<void> {
  const { client } = app.database;
  const configHash = app.for(systemActor('worker')).use(OPS_CONFIG).hash;
  await client.$executeRaw`
    INSERT INTO worker (id, hostname, pid, config_hash)
    VALUES (${workerId}::uuid, ${hostname()}, ${process.pid}, ${configHash})
    ON CONFLICT (id) DO UPDATE SET last_seen_at = clock_timestamp()`;
  await client.$executeRaw`DELETE FROM worker WHERE last_seen_at < clock_timestamp() - interval '1 hour'`;
}

function logAway(app: App): (error: unknown) => void {
  return (error) => app.log.warn({ reason: messageOf(error) }, 'database away, trying again');
}

async function withinMs(ms: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([work, late]).finally(() => clearTimeout(timer));
}
