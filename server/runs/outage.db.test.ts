import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { isDatabaseAway } from '#server/platform/database-errors';
import { claimRun } from '#server/runs/ledger';
import { PROCEDURES, type Procedure } from '#server/runs/procedure';
import { getRun, readRunLog } from '#server/runs/queries';
import { startRunLoop } from '#server/runs/run-loop';
import { createOwnPostgres } from '#server/testing/chaos/postgres';
import { createTestApp, type TestApp } from '#server/testing/context';
import { eventually } from '#server/testing/eventually';
import { fixtureProcedure, startFixture } from '#server/testing/fixture-procedure';

const postgres = await createOwnPostgres();
const procedures = new Map<string, Procedure<never>>();
/** Longer than the outage on a busy machine: the run must stay with its worker. */
const patient = await createApp(20_000);
const FROZEN_LEASE_MS = 4_000;
const strict = await createApp(FROZEN_LEASE_MS);

afterAll(async () => {
  await patient.close();
  await strict.close();
  await postgres.remove();
});

function createApp(leaseMs: number): Promise<TestApp> {
  return createTestApp({
    env: { RUN_LEASE_MS: String(leaseMs), RUN_RENEW_MS: '200', RUN_POLL_MS: '100' },
    provide: [[PROCEDURES, procedures]],
    database: {
      url: postgres.url,
      ownerUrl: postgres.url,
      adminUrl: postgres.adminUrl,
      drop: async () => undefined,
    },
  });
}

function register(made: Procedure<{ environment: string; variant: string }>) {
  procedures.set(made.id, made as unknown as Procedure<never>);
  return made;
}

describe('Postgres away for less than a lease', () => {
  it.each(['fast', 'immediate'] as const)(
    'stops no run that is logging, and loses and repeats no line (%s)',
    { timeout: 60_000 },
    async (mode) => {
      const ctx = patient.system;
      const talkative = register(
        fixtureProcedure(`talkative-${mode}`, [
          {
            key: 'talk',
            run: async ({ io }) => {
              const command = 'for i in $(seq 1 60); do echo line $i; sleep 0.05; done';
              return { exitCode: (await io.exec({ command, timeoutMs: 30_000 })).exitCode };
            },
          },
        ]),
      );
      const { runId } = await startFixture(ctx, talkative, `env-${mode}`);
      const loop = startRunLoop(patient, patient.ids.uuid());
      await eventually(async () => expect((await readRunLog(ctx, { runId })).length).toBeGreaterThan(5));
      await postgres.stop(mode);
      await delay(700);
      expect(await ctx.db.run.count().catch(isDatabaseAway)).toBe(true);
      expect(await ctx.db.$queryRaw`SELECT 1`.catch(isDatabaseAway)).toBe(true);
      await postgres.start();
      await eventually(async () => expect((await getRun(ctx, { runId })).status).toBe('succeeded'), 40_000);
      const lines = (await readRunLog(ctx, { runId })).filter((line) => line.stream === 'stdout');
      expect(lines.map((line) => line.text)).toEqual(
        Array.from({ length: 60 }, (_, index) => `line ${index + 1}`),
      );
      expect((await getRun(ctx, { runId })).steps[0]?.attempt).toBe(1);
      await loop.stop();
    },
  );
});

describe('a process that freezes in the middle of a transaction', () => {
  it('loses it before the lease ends, so that its locks keep no successor out', {
    timeout: 30_000,
  }, async () => {
    const ctx = strict.system;
    const quiet = register(fixtureProcedure('quiet', [{ key: 'one', run: async () => undefined }]));
    const { runId } = await startFixture(ctx, quiet, 'env-frozen');
    expect((await claimRun(ctx, strict.ids.uuid(), 200))?.runId).toBe(runId);
    const frozen = ctx
      .transaction(async (tx) => {
        await tx.db.$queryRaw`SELECT 1 FROM run WHERE id = ${runId}::uuid FOR UPDATE`;
        await delay(FROZEN_LEASE_MS);
        await tx.db.$queryRaw`SELECT 1`;
      })
      .then(
        () => 'committed',
        (error: unknown) => isDatabaseAway(error),
      );
    await delay(400);
    expect(await claimRun(ctx, strict.ids.uuid(), 200)).toBeNull();
    await eventually(async () => {
      const claim = await claimRun(ctx, strict.ids.uuid(), 5_000);
      expect(claim?.runId).toBe(runId);
    }, FROZEN_LEASE_MS);
    expect(await frozen).toBe(true);
  });
});
