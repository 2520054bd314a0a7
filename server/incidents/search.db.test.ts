import { afterAll, beforeAll, expect, it } from 'vitest';
import { changeIncidentLevel, changeIncidentState } from '#server/incidents/commands/change-incident';
import { declareIncident } from '#server/incidents/commands/declare-incident';
import { mergeIncident } from '#server/incidents/commands/merge-incidents';
import { addIncidentNote } from '#server/incidents/commands/write-timeline';
import type { IncidentSummary } from '#server/incidents/contract';
import { listIncidents } from '#server/incidents/queries';
import type { Ctx } from '#server/platform/context';
import { createTestApp, type TestApp } from '#server/testing/context';
import { METRICS_CONFIG } from '#server/testing/metrics';

let app: TestApp;
let responder: Ctx;
beforeAll(async () => {
  app = await createTestApp({ config: METRICS_CONFIG });
  responder = await app.asRole('responder');
});
afterAll(() => app.close());

/** Rows of words that say another thing of their incident than it does itself. */
async function strays(): Promise<unknown[]> {
  return app.system.db.$queryRaw<unknown[]>`
    SELECT i.number FROM incident i FULL JOIN incident_search s ON s.incident_id = i.id
    WHERE (i.number, i.started_at, i.state, i.level, i.service, i.environment, i.merged_into_id) IS DISTINCT FROM
      (s.number, s.started_at, s.state, s.level, s.service, s.environment, s.merged_into_id)`;
}

it('a search finds incidents as they are, whatever became of them since their words were written', async () => {
  const place = { service: 'shop', environment: 'production' };
  const found = async (more: Record<string, unknown> = {}) =>
    (await listIncidents(responder, { search: 'thyme', ...more })).rows.map(({ number }) => number);
  const [one, two, three] = (await Promise.all(
    ['One', 'Two', 'Three'].map((title) =>
      declareIncident(responder, { title: `${title} for the thyme`, ...place }),
    ),
  )) as [IncidentSummary, IncidentSummary, IncidentSummary];
  const other = await declareIncident(responder, { title: 'Another' });
  expect(await strays()).toEqual([]);
  expect((await found()).sort()).toEqual([one, two, three].map(({ number }) => number).sort());

  const graver = await changeIncidentLevel(responder, {
    number: one.number,
    version: one.version,
    level: 1,
    reason: 'Worse than thought',
  });
  expect(await found({ level: 1 })).toEqual([one.number]);
  await changeIncidentState(responder, { number: one.number, version: graver.version, state: 'resolved' });
  expect(await found({ state: 'resolved' })).toEqual([one.number]);
  expect((await found({ state: 'open' })).sort()).toEqual([two.number, three.number].sort());
  expect(await strays()).toEqual([]);

  await addIncidentNote(responder, { number: other.number, text: 'It is about the thyme, too' });
  expect(await found({ state: 'open' })).toContain(other.number);
  expect(await found({ service: 'shop' })).not.toContain(other.number);
  await mergeIncident(responder, {
    number: three.number,
    version: three.version,
    into: two.number,
    reason: 'The same',
  });
  expect(await found()).not.toContain(three.number);
  expect(await strays()).toEqual([]);

  // A number finds its incident beside the words, and a word that is a number as well.
  await addIncidentNote(responder, { number: other.number, text: `As in ${one.number} before` });
  const byNumber = await listIncidents(responder, { search: String(one.number) });
  expect(byNumber.rows.map(({ number }) => number).sort()).toEqual([one.number, other.number].sort());
  expect(byNumber.total).toBe(2);
  // Of a merged one it finds the one that goes on, whose timeline says so.
  const merged = await listIncidents(responder, { search: `INC-${three.number}` });
  expect(merged.rows.map(({ number }) => number)).toEqual([two.number]);
});
