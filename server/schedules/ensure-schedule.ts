import { recordAudit } from '#server/audit/commands';
import type { Ctx } from '#server/platform/context';
import type { MissedPolicy, Overlap } from '#server/schedules/contract';
import { assertRule } from '#server/schedules/rule';

/** A schedule that a console starts with. */
export interface NewSchedule {
  key: string;
  job: string;
  title: string;
  service: string;
  environment: string;
  cron: string;
  timeZone: string;
  overlap: Overlap;
  missed: MissedPolicy;
}

/**
 * Makes the schedule unless its key is known: what people have changed or paused stays as they left it.
 * @returns true when it was made
 */
export async function ensureSchedule(ctx: Ctx, schedule: NewSchedule): Promise<boolean> {
  assertRule(schedule);
  return ctx.transaction(async (tx) => {
    const id = tx.ids.uuid();
    const { count } = await tx.db.schedule.createMany({
      data: [{ id, ...schedule }],
      skipDuplicates: true,
    });
    if (count === 0) return false;
    await recordAudit(tx, {
      action: 'schedules.create',
      target: {
        type: 'schedule',
        id,
        label: `${schedule.title} of ${schedule.service}/${schedule.environment}`,
      },
      service: schedule.service,
      environment: schedule.environment,
      details: { times: `${schedule.cron} ${schedule.timeZone}` },
    });
    return true;
  });
}
