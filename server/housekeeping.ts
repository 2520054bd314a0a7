import { forgetOldRecords } from '#server/auth/idempotency';
import { leadDrillsOn } from '#server/deployments/drills/follow';
import { setUpPractice } from '#server/deployments/drills/set-up';
import { endExpiredToggles, verifyOpenToggles } from '#server/maintenance/keep-toggles';
import { keepMetricPartitions } from '#server/metrics/partitions';
import { syncScrapeTargets } from '#server/metrics/scrape';
import { keepCheckPartitions } from '#server/monitoring/checks/partitions';
import { syncChecks } from '#server/monitoring/checks/sync';
import { settleRules } from '#server/monitoring/rules/settle';
import { type App, type Ctx, systemActor } from '#server/platform/context';
import { remindOfActionItems } from '#server/postmortems/reminders';
import { expireApprovals } from '#server/runs/approvals';
import { forgetOldDrafts } from '#server/status/forget-drafts';
import { syncStatusComponents } from '#server/status/keep-page';
import { remindOfStatusUpdates } from '#server/status/remind';

/** What must happen in time though nobody asks for it. Safe in several workers at once, and harmless to repeat. */
interface HousekeepingTask {
  name: string;
  run(ctx: Ctx): Promise<unknown>;
}

const TASKS: readonly HousekeepingTask[] = [
  { name: 'expire approvals', run: expireApprovals },
  { name: 'end expired toggles', run: endExpiredToggles },
  { name: 'verify toggles', run: verifyOpenToggles },
  { name: 'lead drills on', run: leadDrillsOn },
  { name: 'set up practice', run: setUpPractice },
  { name: 'make and drop partitions of metrics', run: keepMetricPartitions },
  { name: 'sync scrape targets', run: syncScrapeTargets },
  { name: 'make and drop partitions of checks', run: keepCheckPartitions },
  { name: 'sync checks', run: syncChecks },
  { name: 'sync rules', run: (ctx) => settleRules(ctx) },
  { name: 'remind of action items', run: remindOfActionItems },
  { name: 'sync components of the status page', run: syncStatusComponents },
  { name: 'remind of status updates', run: remindOfStatusUpdates },
  { name: 'forget old drafts of status updates', run: forgetOldDrafts },
  { name: 'forget old answers', run: forgetOldRecords },
];

/** Does every task once, one after the other. A task that fails is logged and stops no other one. */
export async function keepHouse(app: App, tasks: readonly HousekeepingTask[] = TASKS): Promise<void> {
  for (const task of tasks) {
    const ctx = app.for(systemActor('housekeeping'));
    await task
      .run(ctx)
      .catch((error: unknown) => ctx.log.error({ err: error, task: task.name }, 'housekeeping task failed'));
  }
}
