import { DRILL_JOB } from '#server/deployments/drills/contract';
import { prepareDrill } from '#server/deployments/drills/prepare';
import { isDrillOpen, startDrill } from '#server/deployments/drills/start';
import type { ScheduledJob } from '#server/schedules/job';

/** The drill that the clock starts, in the name of its schedule. */
export const drillJob: ScheduledJob = {
  id: DRILL_JOB,
  title: 'Rollback drill',
  permission: 'drills.run',
  prepare: async (ctx, schedule) => {
    const prepared = await prepareDrill(ctx, schedule);
    return async (tx, { tickId }) => {
      const { drillId, runId } = await startDrill(tx, prepared, `tick-${tickId}`);
      return { drillId, runId };
    };
  },
  isGoingOn: (ctx, schedule) => isDrillOpen(ctx, schedule),
};
