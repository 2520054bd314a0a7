import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEventRegistry } from '#server/bootstrap';
import type { Figures } from '#server/figures/contract';
import { listFigureIncidents, readFigureIncidentBatch, readFigures } from '#server/figures/queries';
import { type Time, tallyOf } from '#server/figures/state';
import { MILESTONES, TIME_KINDS } from '#server/figures/words/contract';
import { changeIncidentState } from '#server/incidents/commands/change-incident';
import { declareIncident } from '#server/incidents/commands/declare-incident';
import { mergeIncident } from '#server/incidents/commands/merge-incidents';
import { addIncidentNote } from '#server/incidents/commands/write-timeline';
import { acknowledgeAlert } from '#server/monitoring/alerts/commands';
import { alertFired } from '#server/monitoring/alerts/contract';
import type { Ctx } from '#server/platform/context';
import { deliverEvents } from '#server/platform/event-delivery';
import { publish } from '#server/platform/events';
import { addActionItem } from '#server/postmortems/commands/manage-items';
import { createPostmortem, savePostmortem } from '#server/postmortems/commands/write-postmortem';
import { getPostmortem } from '#server/postmortems/queries';
import { createTestApp, type TestApp } from '#server/testing/context';
import { WITH_PRACTICE_CONFIG } from '#server/testing/metrics';
import { failureOf } from '#server/testing/people';
import { addAlert } from '#server/testing/rules';

const MINUTE = 60_000;
const DAY = 86_400_000;
const PLACE = { service: 'shop', environment: 'production' };

let app: TestApp;
let responder: Ctx;
let viewer: Ctx;

async function makeApp(): Promise<void> {
  const env = { RUN_LEASE_MS: '10000', EVENT_LEASE_MS: '20000' };
  app = await createTestApp({ config: WITH_PRACTICE_CONFIG, events: createEventRegistry(), env });
  [responder, viewer] = await Promise.all([app.asRole('responder'), app.asRole('viewer')]);
}

const figuresOf = (more: Record<string, unknown> = {}): Promise<Figures> => readFigures(viewer, more);
const ago = (ms: number): string => new Date(Date.now() - ms).toISOString();

async function deliver(): Promise<void> {
  await deliverEvents(app, app.ids.uuid());
  const [failed] = await app.system.db.eventDelivery.findMany({ where: { lastError: { not: null } } });
  expect(failed?.lastError).toBeUndefined();
}

describe('a console in which nothing has happened', () => {
  beforeAll(makeApp);
  afterAll(() => app.close());

  it('has no figure, which is not zero', async () => {
    const figures = await figuresOf();
    expect(figures.hasAnything).toBe(false);
    for (const key of ['detect', 'acknowledge', 'resolve', 'leadTime', 'restore'] as const)
      expect(figures[key]).toMatchObject({ recorded: 0, meanMs: null, medianMs: null });
    expect(figures.frequency.perWeek).toBeNull();
    expect(figures.changeFailure).toMatchObject({ percent: null, judged: 0 });
    expect(figures.weeks).toHaveLength(13);
    expect((await figuresOf({ period: '12m' })).weeks).toHaveLength(53);
  });

  it('is asked about places that there are, and that are not for practice', async () => {
    expect(await failureOf(figuresOf({ service: 'nowhere' }))).toMatchObject({ kind: 'unprocessable' });
    expect(await failureOf(figuresOf({ service: 'shop', environment: 'practice' }))).toMatchObject({
      kind: 'unprocessable',
      message: expect.stringContaining('practice'),
    });
    expect(await failureOf(figuresOf({ period: '5d' }))).toMatchObject({ kind: 'invalid_input' });
  });
});

describe('incidents', () => {
  beforeAll(makeApp);
  afterAll(() => app.close());

  it('of an alert are acknowledged by whoever first acts on either', async () => {
    const fire = async (): Promise<{ alertId: string; number: number }> => {
      const alertId = await addAlert(app.system);
      await app.system.transaction((tx) =>
        publish(tx, alertFired, {
          ...PLACE,
          alertId,
          ruleKey: 'health-critical',
          title: 'Errors',
          cause: 'breach',
          severity: 'critical',
          explanation: 'Errors: 30 %.',
          breachSince: ago(3 * MINUTE),
          openedAt: ago(MINUTE),
        }),
      );
      await deliver();
      const { number } = await app.system.db.incident.findFirstOrThrow({ orderBy: { number: 'desc' } });
      return { alertId, number };
    };
    const timesOf = async (number: number) =>
      (await listFigureIncidents(viewer, {})).rows.find((row) => row.number === number);
    const end = async (number: number) => {
      const { version } = await app.system.db.incident.findUniqueOrThrow({ where: { number } });
      await changeIncidentState(responder, { number, version, state: 'resolved' });
    };

    const first = await fire();
    expect(await timesOf(first.number)).toMatchObject({
      detect: { kind: 'recorded' },
      acknowledge: { kind: 'pending', ms: null },
      resolve: { kind: 'pending', ms: null },
    });
    await acknowledgeAlert(responder, { alertId: first.alertId, note: 'Looking' });
    await deliver();
    const acknowledged = await timesOf(first.number);
    expect(acknowledged?.acknowledge.kind).toBe('recorded');
    const alert = await app.system.db.alert.findUniqueOrThrow({ where: { id: first.alertId } });
    expect(acknowledged?.acknowledgedAt).toBe(alert.acknowledgedAt?.toISOString());
    await end(first.number);
    expect((await timesOf(first.number))?.acknowledgedAt).toBe(acknowledged?.acknowledgedAt);

    const second = await fire();
    await addIncidentNote(responder, {
      number: second.number,
      text: 'It is the cache',
      occurredAt: ago(90_000),
    });
    const noted = await timesOf(second.number);
    // What was written counts when it was written, whatever time it is about.
    expect(noted?.acknowledge.kind).toBe('recorded');
    expect(Date.parse(noted?.acknowledgedAt ?? '')).toBeGreaterThan(Date.parse(noted?.detectedAt ?? ''));
    await end(second.number);
  });

  it('that a person declares are known to that person, and merged ones do not count twice', async () => {
    const declared = await declareIncident(responder, {
      title: 'Slow',
      level: 3,
      startedAt: ago(9 * MINUTE),
    });
    const plain = await declareIncident(responder, { title: 'Slow too', level: 4 });
    const before = (await figuresOf()).incidents;
    await mergeIncident(responder, {
      number: plain.number,
      version: plain.version,
      into: declared.number,
      reason: 'Same',
    });
    const after = await figuresOf();
    expect(after.incidents.count).toBe(before.count - 1);
    const { rows } = await listFigureIncidents(viewer, { milestone: 'resolve', kind: 'not_applicable' });
    expect(rows.map(({ number, isMerged }) => [number, isMerged])).toEqual([[plain.number, true]]);
    const [kept] = (await listFigureIncidents(viewer, {})).rows.filter(
      ({ number }) => number === declared.number,
    );
    expect(kept).toMatchObject({
      detect: { kind: 'recorded' },
      acknowledge: { kind: 'not_applicable', ms: null },
      resolve: { kind: 'pending', ms: null },
    });
  });

  it('are counted by level, by what opened them, and by the root cause that their post-mortem names', async () => {
    const made = await declareIncident(responder, { title: 'Wrong setting', level: 1, ...PLACE });
    await changeIncidentState(responder, { number: made.number, version: made.version, state: 'resolved' });
    const rootCauses = async () =>
      Object.fromEntries(
        (await figuresOf()).incidents.byRootCause.map(({ value, count }) => [`${value}`, count]),
      );
    await createPostmortem(responder, { number: made.number });
    const before = await rootCauses();
    const { version, revision } = await getPostmortem(viewer, { number: made.number });
    const saved = await savePostmortem(responder, {
      number: made.number,
      version,
      rootCauseKind: 'configuration',
    });
    expect(saved).toMatchObject({ rootCauseKind: 'configuration', version: version + 1, revision });
    expect(
      await failureOf(savePostmortem(responder, { number: made.number, version, rootCauseKind: 'data' })),
    ).toMatchObject({
      kind: 'conflict',
    });
    expect(await rootCauses()).toEqual({
      ...before,
      unknown: (before.unknown ?? 0) - 1,
      configuration: (before.configuration ?? 0) + 1,
    });
    const { incidents } = await figuresOf({ service: 'shop' });
    expect(incidents.byLevel.find(({ value }) => value === 1)?.count).toBe(3);
    expect(incidents.byCause.map(({ value, count }) => [value, count])).toEqual([
      ['person', 1],
      ['alert', 2],
      ['rollback', 0],
    ]);
  });

  it('leave action items behind, of which the overdue ones are named by owner for who may read them', async () => {
    const number = (await app.system.db.incident.findFirstOrThrow({ where: { postmortem: { isNot: null } } }))
      .number;
    for (const dueOn of ['2026-01-01', '2098-01-01'])
      await addActionItem(responder, { number, title: 'Limit the cache', dueOn });
    expect((await figuresOf()).actionItems).toEqual({
      open: 2,
      overdue: 1,
      owners: [{ name: 'Test responder', overdue: 1, open: 2 }],
    });
    const token = viewer.as({ ...viewer.actor, token: { id: 'x', name: 'x', scopes: ['incidents.read'] } });
    expect((await readFigures(token, {})).actionItems).toEqual({ open: 2, overdue: 1, owners: [] });
  });
});

describe('the same rule in SQL and in code', () => {
  beforeAll(makeApp);
  afterAll(() => app.close());

  it('says the same of incidents of every kind, of both periods, and of each list of them', async () => {
    // Every combination of what can be told and not, merged and not, in this period, in the one before, and too old.
    await app.system.db.$executeRaw`
      INSERT INTO incident (id, title, level, state, service, environment, started_at, detected_at, acknowledged_at,
        resolved_at, declared_by_name, cause, cause_id)
      SELECT gen_random_uuid(), 'One of many', 1 + n % 4, CASE WHEN resolved THEN 'resolved' ELSE 'investigating' END, 'shop',
        CASE WHEN n % 10 = 0 THEN 'practice' ELSE 'production' END, began, began + detected * interval '1 minute',
        began + (detected + acknowledged) * interval '1 minute',
        CASE WHEN resolved THEN began + (n % 50) * interval '1 minute' END, 'Test', cause,
        CASE WHEN cause <> 'person' THEN gen_random_uuid() END
      FROM (SELECT row_number() OVER () AS n, * FROM
          generate_series(0, 4) days, unnest(ARRAY[0, 7]) detected, unnest(ARRAY[NULL, -2, 0, 11]) acknowledged,
          unnest(ARRAY['person', 'alert', 'rollback']) cause) each,
        LATERAL (SELECT clock_timestamp() - (1 + days * 16) * interval '1 day' - n * interval '1 minute' AS began,
          n % 3 > 0 OR cause <> 'person' AS resolved) times`;
    await app.system.db.$executeRaw`
      INSERT INTO incident (id, title, level, service, environment, started_at, detected_at, declared_by_name, cause, cause_id)
      SELECT gen_random_uuid(), 'Not dealt with', 1, 'shop', 'production', now() - interval '5 days', now() - interval '4 days',
        'Test', 'alert', gen_random_uuid()`;
    await app.system.db.$executeRaw`
      UPDATE incident SET merged_into_id = (SELECT id FROM incident ORDER BY number LIMIT 1)
      WHERE number % 7 = 0 AND number > (SELECT min(number) FROM incident)`;
    const figures = await figuresOf();
    const all = await readFigureIncidentBatch(viewer, { pageSize: 200 });
    expect(all.length).toBeGreaterThan(30);
    expect(all.filter(({ environment }) => environment === 'practice')).toEqual([]);
    const seen = new Set<string>();
    for (const milestone of MILESTONES) {
      const { before: _before, ...said } = figures[milestone];
      const reckoned = tallyOf(all.map((row) => row[milestone] as Time));
      expect(said).toMatchObject({ ...reckoned, meanMs: expect.any(Number), medianMs: expect.any(Number) });
      expect(said.meanMs).toBeCloseTo(reckoned.meanMs ?? Number.NaN, 3);
      expect(said.medianMs).toBeCloseTo(reckoned.medianMs ?? Number.NaN, 3);
      for (const kind of TIME_KINDS) {
        const listed = await readFigureIncidentBatch(viewer, { milestone, kind, pageSize: 200 });
        expect(listed).toEqual(all.filter((row) => row[milestone].kind === kind));
        if (listed.length > 0) seen.add(`${milestone} ${kind}`);
      }
    }
    expect([...seen].filter((each) => each.startsWith('acknowledge'))).toHaveLength(4);
    // The period before is what a longer period has beyond this one.
    const longer = await readFigureIncidentBatch(viewer, { period: '90d', pageSize: 200 });
    const earlier = longer.filter(
      ({ startedAt }) =>
        startedAt < figures.from && Date.parse(startedAt) >= Date.parse(figures.from) - 30 * DAY,
    );
    expect(earlier.length).toBeGreaterThan(10);
    expect(figures.resolve.before).toMatchObject({
      recorded: earlier.filter(({ resolve }) => resolve.kind === 'recorded').length,
      pending: earlier.filter(({ resolve }) => resolve.kind === 'pending').length,
    });
    expect(figures.incidents.before).toBe(earlier.filter(({ isMerged }) => !isMerged).length);
    const inWeeks = figures.weeks.reduce((sum, { incidents }) => sum + incidents, 0);
    expect(inWeeks).toBe(
      longer.filter(({ isMerged, startedAt }) => !isMerged && startedAt >= (figures.weeks[0]?.from ?? ''))
        .length,
    );
  });
});
