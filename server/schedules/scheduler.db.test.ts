import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Ctx } from '#server/platform/context';
import { AppError } from '#server/platform/errors';
import { SCHEDULED_JOBS, type ScheduledJob } from '#server/schedules/job';
import { settleSchedules } from '#server/schedules/scheduler';
import { MISSED_ROWS } from '#server/schedules/state';
import { createTestApp, type TestApp } from '#server/testing/context';
import { withAdmin } from '#server/testing/server';

const HOUR = 3_600_000;
/** A Monday, 10:00:20 in Paris: the tick of 10:00 has just become due. */
const MONDAY = new Date('2026-03-02T09:00:20.000Z');
const DUE = '2026-03-02T09:00:00.000Z';

let app: TestApp;
let other: TestApp;
/** Called where the job starts, in the scheduler's transaction. */
let onStart: (tx: Ctx) => Promise<void>;
let onPrepare: () => void;
let going: (key: string) => boolean;

const job: ScheduledJob = {
  id: 'test.job',
  title: 'Test job',
  permission: 'drills.run',
  prepare: async (_ctx, schedule) => {
    onPrepare();
    return async (tx, start) => {
      // What a job leaves behind: as many as there were starts that counted.
      await tx.db.event.create({
        data: {
          type: 'test.started',
          payload: { key: schedule.key, dueAt: start.dueAt.toISOString(), by: tx.actor.name },
        },
      });
      await onStart(tx);
      return { runId: null, tick: start.tickId };
    };
  },
  isGoingOn: async (_ctx, schedule) => going(schedule.key),
};

beforeAll(async () => {
  const provide: [typeof SCHEDULED_JOBS, unknown][] = [[SCHEDULED_JOBS, new Map([[job.id, job]])]];
  app = await createTestApp({ provide, env: { SCHEDULE_GRACE_MS: '60000' } });
  other = await createTestApp({
    provide,
    env: { SCHEDULE_GRACE_MS: '60000' },
    database: app.testDatabase,
  });
});
afterAll(async () => {
  await other.close();
  await app.close();
});

let id: string;
beforeEach(async () => {
  onStart = async () => undefined;
  onPrepare = () => undefined;
  going = () => false;
  await app.system.db.$executeRaw`UPDATE schedule SET paused_at = now()`;
  await app.system.db.$executeRaw`UPDATE schedule_tick SET status = 'skipped' WHERE status = 'waiting'`;
  id = await make();
});

/** A schedule on Mondays at 10:00 in Paris, settled an hour before. */
async function make(change: Record<string, unknown> = {}): Promise<string> {
  const made = app.ids.uuid();
  await app.system.db.schedule.create({
    data: {
      id: made,
      key: `test:${made}`,
      job: job.id,
      title: 'Weekly test',
      service: 'shop',
      environment: 'practice',
      cron: '0 10 * * 1',
      timeZone: 'Europe/Paris',
      settledUntil: new Date(MONDAY.getTime() - HOUR),
      ...change,
    },
  });
  return made;
}

const look = (now: Date = MONDAY, by: TestApp = app) => settleSchedules(by, { now: async () => now });
const ticks = (of = id) =>
  app.system.db.scheduleTick.findMany({ where: { scheduleId: of }, orderBy: { dueAt: 'asc' } });
const settledUntil = async (of = id) =>
  (await app.system.db.schedule.findUniqueOrThrow({ where: { id: of } })).settledUntil;
const starts = async (of = id) => {
  const rows = await app.system.db.$queryRaw<{ dueAt: string; by: string }[]>`
    SELECT payload ->> 'dueAt' AS "dueAt", payload ->> 'by' AS by FROM event
    WHERE type = 'test.started' AND payload ->> 'key' = ${`test:${of}`} ORDER BY id`;
  return rows;
};

describe('a due time', () => {
  it('is started once in the name of its schedule, and has its row', async () => {
    await look(new Date(MONDAY.getTime() - HOUR / 2));
    expect(await ticks()).toEqual([]);
    await look();
    await look();
    await look(new Date(MONDAY.getTime() + HOUR));
    expect(await starts()).toEqual([{ dueAt: DUE, by: 'Weekly test' }]);
    const [tick, ...more] = await ticks();
    expect(more).toEqual([]);
    expect(tick).toMatchObject({ status: 'started', reason: null, byName: null });
    expect(tick?.dueAt.toISOString()).toBe(DUE);
    expect(tick?.outcome).toEqual({ runId: null, tick: String(tick?.id) });
    expect(await settledUntil()).toEqual(MONDAY);
  });

  it('is started once, however many schedulers look at the same time', async () => {
    const ids = [id, await make(), await make()];
    await Promise.all([look(), look(MONDAY, other), look(), look(MONDAY, other), look(MONDAY, other)]);
    await look();
    for (const each of ids) {
      expect(await starts(each)).toHaveLength(1);
      expect(await ticks(each)).toHaveLength(1);
    }
  });

  it('is not started where the row is there already, whoever wrote it', async () => {
    await app.system.db.scheduleTick.create({
      data: { scheduleId: id, dueAt: new Date(DUE), status: 'started' },
    });
    await look();
    expect(await starts()).toEqual([]);
    expect(await ticks()).toHaveLength(1);
    expect(await settledUntil()).toEqual(MONDAY);
  });

  it('is started by the next look when the worker dies in the middle of starting it', async () => {
    onStart = async (tx) => {
      const [{ pid }] = await tx.db.$queryRaw<[{ pid: number }]>`SELECT pg_backend_pid() AS pid`;
      await withAdmin(app.testDatabase.adminUrl, (admin) =>
        admin.query('SELECT pg_terminate_backend($1)', [pid]),
      );
    };
    await expect(look()).rejects.toThrow();
    expect(await ticks()).toEqual([]);
    expect(await starts()).toEqual([]);
    expect(await settledUntil()).toEqual(new Date(MONDAY.getTime() - HOUR));
    onStart = async () => undefined;
    await look(MONDAY, other);
    expect(await starts()).toHaveLength(1);
    expect(await ticks()).toMatchObject([{ status: 'started' }]);
  });

  it('by the database’s clock is started without any help', async () => {
    const [now] = await app.system.db.$queryRaw<{ minute: Date }[]>`
      SELECT date_trunc('minute', clock_timestamp()) AS minute`;
    const minute = now?.minute as Date;
    const each = await make({
      cron: '* * * * *',
      timeZone: 'UTC',
      settledUntil: new Date(minute.getTime() - 1),
    });
    await settleSchedules(app);
    expect((await starts(each))[0]).toEqual({ dueAt: minute.toISOString(), by: 'Weekly test' });
  });
});

describe('a job that cannot start', () => {
  it('is told with its reason, keeps nothing of what it began, and stops nobody else', async () => {
    const second = await make({ title: 'Second' });
    onStart = async (tx) => {
      if (tx.actor.name === 'Weekly test') throw new AppError('conflict', 'Run #7 holds shop/practice.');
    };
    await look();
    expect(await ticks()).toMatchObject([
      { status: 'failed', reason: 'Run #7 holds shop/practice.', outcome: null },
    ]);
    expect(await starts()).toEqual([]);
    expect(await ticks(second)).toMatchObject([{ status: 'started' }]);
    expect(await settledUntil()).toEqual(MONDAY);
  });

  it('may have broken its own statement: the row is written all the same', async () => {
    onStart = async (tx) => {
      await tx.db
        .$executeRaw`INSERT INTO schedule_tick (schedule_id, due_at, status) VALUES (${id}::uuid, ${new Date(DUE)}, 'missed')`;
    };
    await look();
    const [tick] = await ticks();
    expect(tick).toMatchObject({ status: 'failed', outcome: null });
    expect(tick?.reason).toContain('A fault of the console');
    expect(tick?.reason).not.toContain('schedule_tick');
  });

  it('may fail before its transaction, or not be there at all', async () => {
    onPrepare = () => {
      throw new AppError('unavailable', 'The repository cannot be read.');
    };
    const unknown = await make({ job: 'test.gone' });
    await look();
    expect(await ticks()).toMatchObject([{ status: 'failed', reason: 'The repository cannot be read.' }]);
    expect(await ticks(unknown)).toMatchObject([
      { status: 'failed', reason: 'This console has no job "test.gone".' },
    ]);
  });
});

describe('while the one before is going on', () => {
  it('a due time is skipped with the reason', async () => {
    going = () => true;
    await look();
    expect(await ticks()).toMatchObject([{ status: 'skipped', reason: 'The one before is still going on.' }]);
    going = () => false;
    await look(new Date(MONDAY.getTime() + 1_000));
    expect(await starts()).toEqual([]);
  });

  it('a due time waits where the schedule says so, one at a time, and is started afterwards', async () => {
    const each = await make({ overlap: 'wait', cron: '*/20 * * * *' });
    going = (key) => key === `test:${each}`;
    let prepared = 0;
    await look();
    onPrepare = () => {
      prepared += 1;
    };
    await look(new Date(MONDAY.getTime() + 1_000));
    expect(prepared).toBe(0);
    await look(new Date(MONDAY.getTime() + HOUR / 3));
    expect((await ticks(each)).slice(-2)).toMatchObject([
      { status: 'waiting', reason: 'The one before is still going on.' },
      { status: 'skipped', reason: expect.stringContaining('another one waits already') },
    ]);
    expect(await starts(each)).toEqual([]);
    going = () => false;
    await Promise.all([
      look(new Date(MONDAY.getTime() + HOUR / 3 + 1_000)),
      look(new Date(MONDAY.getTime() + HOUR / 3 + 1_000), other),
    ]);
    expect(await starts(each)).toEqual([{ dueAt: DUE, by: 'Weekly test' }]);
    expect((await ticks(each)).at(-2)).toMatchObject({
      status: 'started',
      reason: 'Waited for the one before; due 2026-03-02 09:00 UTC.',
    });
  });
});

describe('when nobody was there', () => {
  const late = new Date('2026-03-16T09:05:00.000Z');

  it('every due time is noted as missed and none is started', async () => {
    await look(late);
    expect((await ticks()).map(({ dueAt, status }) => [dueAt.toISOString(), status])).toEqual([
      ['2026-03-02T09:00:00.000Z', 'missed'],
      ['2026-03-09T09:00:00.000Z', 'missed'],
      ['2026-03-16T09:00:00.000Z', 'missed'],
    ]);
    expect(await starts()).toEqual([]);
    await look(late);
    expect(await ticks()).toHaveLength(3);
  });

  it('the newest is started once where the schedule says so', async () => {
    const each = await make({ missed: 'run_once' });
    await Promise.all([look(late), look(late, other)]);
    await look(late);
    expect(await starts(each)).toEqual([{ dueAt: '2026-03-16T09:00:00.000Z', by: 'Weekly test' }]);
    expect((await ticks(each)).map(({ status }) => status)).toEqual(['missed', 'missed', 'started']);
    expect((await ticks(each)).at(-1)?.reason).toBe(
      'Started late in place of 3 due times that no worker was there for.',
    );
  });

  it('one that is due right now makes a late start needless', async () => {
    const each = await make({ missed: 'run_once' });
    const now = new Date('2026-03-16T09:00:30.000Z');
    await look(now);
    expect(await starts(each)).toHaveLength(1);
    expect((await ticks(each)).map(({ status, reason }) => [status, reason])).toEqual([
      ['missed', 'No worker was there to start it.'],
      ['missed', 'No worker was there to start it.'],
      ['started', null],
    ]);
  });

  it('for months, the newest hundred have a row each and the others one together', async () => {
    const each = await make({
      cron: '*/10 * * * *',
      timeZone: 'UTC',
      settledUntil: new Date('2025-12-01T00:00:00Z'),
    });
    await look(new Date('2026-03-02T09:05:00Z'));
    const rows = await ticks(each);
    expect(rows).toHaveLength(MISSED_ROWS + 1);
    expect(rows.every(({ status }) => status === 'missed')).toBe(true);
    expect(rows[0]?.reason).toMatch(
      /^More than 1000 due times from 2025-12-01 00:10 UTC to 2026-03-01 16:20 UTC have this row/,
    );
    expect(rows[1]?.dueAt.toISOString()).toBe('2026-03-01T16:30:00.000Z');
    expect(rows.at(-1)?.dueAt.toISOString()).toBe('2026-03-02T09:00:00.000Z');
  });
});

describe('when the clock jumps', () => {
  it('back by a little, nothing is started twice', async () => {
    await look();
    await look(new Date(MONDAY.getTime() - 50_000));
    await look();
    expect(await starts()).toHaveLength(1);
    expect(await settledUntil()).toEqual(MONDAY);
  });

  it('back from a wrong future, the due times of that future come at their time', async () => {
    // A clock that was three weeks ahead noted everything until then.
    const ahead = new Date(MONDAY.getTime() + 21 * 24 * HOUR);
    await look(ahead);
    expect((await ticks()).map(({ status }) => status)).toEqual(['missed', 'missed', 'missed', 'started']);
    await app.system.db.$executeRaw`
      UPDATE schedule_tick SET recorded_at = clock_timestamp() + interval '21 days' WHERE schedule_id = ${id}::uuid`;
    await look();
    expect(await settledUntil()).toEqual(MONDAY);
    const weekLater = new Date(MONDAY.getTime() + 7 * 24 * HOUR);
    await look(weekLater);
    const row = (await ticks()).find(({ dueAt }) => dueAt.toISOString() === '2026-03-09T09:00:00.000Z');
    expect(row).toMatchObject({ status: 'started', reason: null });
    expect(await starts()).toHaveLength(2);
  });
});
