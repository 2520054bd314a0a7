import type { Permission } from '#server/auth/contract';
import { type Ctx, defineToken } from '#server/platform/context';

/** What a job learns about the schedule that starts it. */
export interface JobSchedule {
  id: string;
  key: string;
  title: string;
  service: string;
  environment: string;
  params: unknown;
}

/** The due time, or the press of the button, that starts a job. */
export interface JobStart {
  dueAt: Date;
  tickId: string;
  /** Who pressed the button; null for the clock. */
  by: string | null;
}

/** What a job started, kept with the tick. */
export interface JobOutcome {
  /** The first run of it, for people to follow; null where it has none. */
  runId: string | null;
  [name: string]: string | null;
}

/**
 * Something that can be started by the clock. It is started in two parts, because the outside world is not asked inside
 * a transaction: `prepare` reads what it needs, and what it resolves with starts the job in the transaction that records
 * the tick. An AppError of either part is told as the tick's reason; nothing else of the job is kept then.
 */
export interface ScheduledJob {
  id: string;
  title: string;
  /** Whoever has it may also start the job by hand. */
  permission: Permission;
  prepare(ctx: Ctx, schedule: JobSchedule): Promise<(tx: Ctx, start: JobStart) => Promise<JobOutcome>>;
  /** True while what the schedule, or anybody else, has started has not ended. */
  isGoingOn(ctx: Ctx, schedule: JobSchedule): Promise<boolean>;
}

/** The jobs of this installation by id. */
export const SCHEDULED_JOBS = defineToken<ReadonlyMap<string, ScheduledJob>>('scheduled jobs');
