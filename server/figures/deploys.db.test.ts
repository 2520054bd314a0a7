import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEventRegistry } from '#server/bootstrap';
import type { Figures } from '#server/figures/contract';
import { readFigures } from '#server/figures/queries';
import { declareIncident } from '#server/incidents/commands/declare-incident';
import type { Ctx } from '#server/platform/context';
import { createTestApp, type TestApp } from '#server/testing/context';
import { WITH_PRACTICE_CONFIG } from '#server/testing/metrics';

const MINUTE = 60_000;
const PLACE = { service: 'shop', environment: 'production' };

let app: TestApp;
let responder: Ctx;
let viewer: Ctx;

const figuresOf = (more: Record<string, unknown> = {}): Promise<Figures> => readFigures(viewer, more);
const ago = (ms: number): string => new Date(Date.now() - ms).toISOString();

describe('deploys', () => {
  beforeAll(async () => {
    app = await createTestApp({ config: WITH_PRACTICE_CONFIG, events: createEventRegistry() });
    [responder, viewer] = await Promise.all([app.asRole('responder'), app.asRole('viewer')]);
  });
  afterAll(() => app.close());

  let sequence = 1;
  const HOUR = 60 * MINUTE;
  const NOW = Date.now();

  interface NewDeployment {
    tag?: string;
    hoursAgo: number;
    environment?: string;
    direction?: 'deploy' | 'rollback';
    replaces?: string;
    status?: string;
    isSwitched?: boolean;
    isValidated?: boolean;
  }

  /** As the procedures leave it. @returns its id */
  async function deployment(row: NewDeployment): Promise<string> {
    const { tag = `v${sequence}`, hoursAgo, environment = 'production', direction = 'deploy' } = row;
    const { isSwitched = true, isValidated = isSwitched, status = 'replaced', replaces = null } = row;
    const { db } = app.system;
    const id = app.ids.uuid();
    const began = new Date(NOW - hoursAgo * HOUR);
    const release = await db.release.upsert({
      where: { service_tag_commitSha: { service: 'shop', tag, commitSha: tag } },
      create: {
        id: app.ids.uuid(),
        service: 'shop',
        tag,
        commitSha: tag,
        title: tag,
        committedAt: new Date(began.getTime() - 2 * HOUR),
        schemaVersion: 1,
        oldestCompatibleSchemaVersion: 1,
      },
      update: {},
    });
    await db.$executeRaw`
      INSERT INTO deployment (id, sequence, service, environment, release_id, direction, replaces_deployment_id, run_id, status,
        started_at, switched_at, validated_at, ended_at)
      VALUES (${id}::uuid, ${sequence}, 'shop', ${environment}, ${release.id}::uuid, ${direction}, ${replaces}::uuid,
        ${app.ids.uuid()}::uuid, ${status}::deployment_status, ${began},
        ${isSwitched ? new Date(began.getTime() + MINUTE) : null}, ${isValidated ? new Date(began.getTime() + 2 * MINUTE) : null},
        ${new Date(began.getTime() + 3 * MINUTE)})`;
    sequence += 1;
    return id;
  }

  it('count where visitors were on them, and a rolled-back one changes the figure', async () => {
    await deployment({ hoursAgo: 100 });
    await deployment({ hoursAgo: 90 });
    await deployment({ hoursAgo: 80, isSwitched: false, status: 'failed' });
    await deployment({ hoursAgo: 75, environment: 'practice' });
    const bad = await deployment({ hoursAgo: 70, tag: 'v-bad' });
    const before = await figuresOf();
    expect(before.frequency).toMatchObject({ count: 3, perWeek: expect.closeTo(0.7) });
    expect(before.changeFailure).toMatchObject({
      percent: 0,
      failed: 0,
      judged: 3,
      neverLive: 1,
      pending: 0,
    });
    expect(before.leadTime).toMatchObject({ recorded: 3, notApplicable: 0, medianMs: 2 * HOUR + MINUTE });

    await deployment({ hoursAgo: 69, tag: 'v2', direction: 'rollback', replaces: bad });
    const after = await figuresOf();
    expect(after.frequency.count).toBe(3);
    expect(after.changeFailure).toMatchObject({ failed: 1, judged: 3 });
    expect(after.changeFailure.percent).toBeCloseTo(100 / 3);
    // From the switch to the rollback's validation.
    expect(after.restore).toMatchObject({ recorded: 1, medianMs: HOUR + MINUTE });
    expect(after.failures).toMatchObject([
      { tag: 'v-bad', why: ['rolled_back'], restore: { kind: 'recorded' } },
    ]);
    expect(after.weeks.reduce((sum, { failedDeploys }) => sum + failedDeploys, 0)).toBe(1);
  });

  it('fail with an incident of level 1 or 2 that begins soon after, in their place, and with no other', async () => {
    await deployment({ hoursAgo: 50, tag: 'v-watched' });
    const declare = (hoursAgo: number, more: Record<string, unknown> = {}) =>
      declareIncident(responder, {
        title: 'Broken',
        level: 2,
        ...PLACE,
        startedAt: ago(hoursAgo * HOUR),
        ...more,
      });
    await declare(49.5, { level: 3 });
    await declare(50.5);
    await declare(48);
    await declare(49.5, { environment: 'practice', service: 'shop' });
    await declare(49.5, { environment: undefined, service: undefined });
    expect((await figuresOf()).failures.map(({ tag }) => tag)).toEqual(['v-bad']);
    const { number } = await declare(49.5, { environment: undefined });
    const { failures, restore } = await figuresOf();
    expect(failures[0]).toMatchObject({
      tag: 'v-watched',
      why: ['incident'],
      incidentNumber: number,
      restore: { kind: 'pending', ms: null },
    });
    expect(restore).toMatchObject({ recorded: 1, pending: 1 });
  });

  it('put what begins just before a switch down to the newer one', async () => {
    await deployment({ hoursAgo: 30, tag: 'v-old' });
    await deployment({ hoursAgo: 29.75, tag: 'v-new' });
    // The switch is a minute after the beginning.
    const startedAt = ago(29.75 * HOUR - 30_000);
    await declareIncident(responder, { title: 'At the switch', level: 1, ...PLACE, startedAt });
    const tags = (await figuresOf()).failures.map(({ tag }) => tag);
    expect(tags).toContain('v-new');
    expect(tags).not.toContain('v-old');
  });

  it('fail where their validation did, are delivered once for each release, and are pending for a while', async () => {
    await deployment({ hoursAgo: 20, tag: 'v-invalid', isValidated: false });
    await deployment({ hoursAgo: 19, tag: 'v1' });
    await deployment({ hoursAgo: 0.5, tag: 'v-fresh', status: 'live' });
    const figures = await figuresOf({ service: 'shop', environment: 'production' });
    expect(figures.failures[0]).toMatchObject({
      tag: 'v-invalid',
      why: ['validation'],
      restore: { kind: 'recorded' },
    });
    expect(figures.changeFailure.pending).toBe(1);
    expect(figures.leadTime).toMatchObject({ notApplicable: 1, invalid: 0 });
  });
});
