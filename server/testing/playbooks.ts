import { afterAll, beforeAll, beforeEach, expect } from 'vitest';
import { createEventRegistry } from '#server/bootstrap';
import { changeIncidentState } from '#server/incidents/commands/change-incident';
import { declareIncident } from '#server/incidents/commands/declare-incident';
import { getPlaybook } from '#server/incidents/playbooks/queries';
import { listIncidents, listTimeline } from '#server/incidents/queries';
import { syncChecks } from '#server/monitoring/checks/sync';
import type { Ctx } from '#server/platform/context';
import { deliverEvents } from '#server/platform/event-delivery';
import { createTestApp, type TestApp } from '#server/testing/context';
import { FakeClock } from '#server/testing/fake-clock';
import { METRICS_CONFIG } from '#server/testing/metrics';

export const PLACE = { service: 'shop', environment: 'production' };

export let app: TestApp;
export let responder: Ctx;
export let commander: Ctx;
export const clock = new FakeClock(new Date().toISOString());

/** Makes the application of a test file before it, and has nothing open before each of its tests. */
export function withPlaybooks(): void {
  beforeAll(async () => {
    const env = { RUN_LEASE_MS: '10000', EVENT_LEASE_MS: '20000' };
    app = await createTestApp({ config: METRICS_CONFIG, events: createEventRegistry(), env, clock });
    [responder, commander] = await Promise.all([app.asRole('responder'), app.asRole('commander')]);
    await syncChecks(app.system);
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    clock.set(new Date());
    const { rows } = await listIncidents(responder, { state: 'open', pageSize: 100 });
    for (const { number, version } of rows)
      await changeIncidentState(responder, { number, version, state: 'resolved' });
    await deliver();
  });
}

/** Delivers all there is, and what comes of it; then all once more, as after a crash. */
export async function deliver(): Promise<void> {
  const worker = app.ids.uuid();
  for (let round = 0; round < 3; round += 1) await deliverEvents(app, worker);
  await app.system.db.$executeRaw`
    UPDATE event_delivery SET status = 'pending', delivered_at = NULL, next_attempt_at = clock_timestamp() - interval '1 millisecond'
    WHERE handler IN ('incidents.begin-steps', 'incidents.note-watch', 'maintenance.watch-for-incident',
      'postmortems.add-scheduled-fix')`;
  await Promise.all([deliverEvents(app, worker), deliverEvents(app, app.ids.uuid())]);
  const [failed] = await app.system.db.eventDelivery.findMany({ where: { lastError: { not: null } } });
  expect(failed?.lastError).toBeUndefined();
}

export const declare = (level: number, more: Record<string, unknown> = {}) =>
  declareIncident(responder, { title: 'Checkout fails', level, ...PLACE, ...more });
export const playbookOf = (number: number) => getPlaybook(responder, { number });
export const keysOf = async (number: number) => (await playbookOf(number)).steps.map(({ key }) => key);
export const stepOf = async (number: number, key: string) => {
  const step = (await playbookOf(number)).steps.find((each) => each.key === key);
  if (!step) throw new Error(`There is no step ${key}`);
  return step;
};
export const timelineOf = async (number: number) =>
  (await listTimeline(responder, { number, order: 'oldest', pageSize: 100 })).rows;
export const textsOf = async (number: number) => (await timelineOf(number)).map(({ text }) => text);
export const onlyOpen = async () => (await listIncidents(responder, { state: 'open' })).rows[0]?.number ?? 0;
