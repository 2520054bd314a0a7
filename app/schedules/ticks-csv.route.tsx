import { csvResponse } from '#app/http/csv.server';
import { protectedLoader } from '#app/http/protected.server';
import type { Ctx } from '#server/platform/context';
import { getSchedule, listTicks } from '#server/schedules/queries';

const HEADER = ['due (UTC)', 'state', 'reason', 'started by hand by', 'run', 'recorded (UTC)'];

const BATCH = 200;

export const loader = protectedLoader({ access: 'schedules.read' }, async ({ ctx, params }) => {
  const { id } = await getSchedule(ctx, { scheduleId: params.scheduleId ?? '' });
  return csvResponse('schedule.csv', HEADER, readAll(ctx, id));
});

/** Oldest first: what becomes due meanwhile comes after the pages that were read, and moves none of them. */
async function* readAll(ctx: Ctx, scheduleId: string) {
  for (let page = 1; ; page += 1) {
    const { rows } = await listTicks(ctx, { scheduleId, page, pageSize: BATCH, order: 'asc' });
    yield rows.map((tick) => [
      tick.dueAt,
      tick.status,
      tick.reason,
      tick.byName,
      tick.runId,
      tick.recordedAt,
    ]);
    if (rows.length < BATCH) return;
  }
}
