import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { keepAlerts } from '#server/monitoring/alerts/keep-alerts';
import { getAlert } from '#server/monitoring/alerts/queries';
import { dedupKeyOf, resolveOpenAlert } from '#server/monitoring/alerts/records';
import { createRuleHarness, type RuleHarness } from '#server/testing/rules';

let harness: RuleHarness;
let app: RuleHarness['app'];
let other: RuleHarness['other'];
let clock: RuleHarness['clock'];
let responder: RuleHarness['responder'];

beforeAll(async () => {
  // What fires within one test is held, however slow the machine is.
  harness = await createRuleHarness({ ALERT_GROUP_SECONDS: '600' });
  ({ app, other, clock, responder } = harness);
});
afterAll(() => harness.close());
beforeEach(() => harness.reset());

/** Opens an alert of each rule at once: the first of a channel is told, the others are held. */
async function fireAll(changes: readonly { channel?: 'ALERTS' | 'CRITICAL'; mentions?: string[] }[]) {
  const rules = [];
  for (const change of changes) rules.push(await harness.addRule(change));
  const start = clock.now();
  for (const { metric } of rules) {
    clock.set(start);
    await harness.visit(metric, 60, [[10, 60]]);
  }
  await harness.look(start, 50);
  const details = [];
  for (const { id, key } of rules)
    details.push({
      ruleId: id,
      ...(await getAlert(responder, { alertId: (await harness.alertsOf(key))[0]?.id })),
    });
  return details;
}
const quiet = () => app.system.db.$executeRaw`UPDATE alert SET noticed_at = noticed_at - interval '1 hour'`;

describe('notices', () => {
  it('of what fires together go out together, the first at once', async () => {
    const details = await fireAll([{}, {}, {}]);
    expect(details.map(({ notice }) => notice).sort()).toEqual(['told', 'waiting', 'waiting']);
    await keepAlerts(app);
    const early = await Promise.all(details.map(({ id }) => getAlert(responder, { alertId: id })));
    expect(early.filter(({ notice }) => notice === 'waiting')).toHaveLength(2);
    await quiet();
    await Promise.all([keepAlerts(app), keepAlerts(other)]);
    const after = await Promise.all(details.map(({ id }) => getAlert(responder, { alertId: id })));
    expect(after.map(({ notice }) => notice)).toEqual(['told', 'told', 'told']);
    const told = new Set(
      after.flatMap(({ deliveries }) => deliveries.map(({ notificationId }) => notificationId)),
    );
    expect(told.size).toBe(2);
  });

  it('mention as many as a notification can, and name the others; what cannot be told holds up nobody', async () => {
    const handles = (letter: string) => Array.from({ length: 10 }, (_, index) => `${letter}${index}`);
    const details = await fireAll([
      ...['a', 'b', 'c', 'd'].map((letter) => ({ mentions: handles(letter) })),
      { channel: 'ALERTS' },
      { channel: 'ALERTS' },
    ]);
    const held = details.filter(({ notice }) => notice === 'waiting');
    expect(held.map(({ channel }) => channel)).toEqual(['CRITICAL', 'CRITICAL', 'CRITICAL', 'ALERTS']);
    const broken = held[3]?.id as string;
    await app.system.db.$executeRaw`UPDATE alert SET rule = rule - 'mentions' WHERE id = ${broken}::uuid`;
    await quiet();
    await keepAlerts(app);
    const rows = await app.system.db.alert.findMany({ where: { id: { in: held.map(({ id }) => id) } } });
    expect(rows.filter(({ notice }) => notice === 'waiting').map(({ id }) => id)).toEqual([broken]);
    const [told] = await app.system.db.notification.findMany({ orderBy: { createdAt: 'desc' }, take: 1 });
    expect(told?.mentions).toHaveLength(20);
    expect(told?.text).toMatch(/^Also for (@[a-d]\d ?){10}\n/);
    await app.system.db.$executeRaw`UPDATE alert SET notice = 'none' WHERE id = ${broken}::uuid`;
  });

  it('say nothing of what is resolved at that moment', async () => {
    const details = await fireAll([{}, {}]);
    const held = details.find(({ notice }) => notice === 'waiting');
    const { ruleId, id: alertId } = held as NonNullable<typeof held>;
    await quiet();
    await app.system.transaction(async (tx) => {
      const place = { service: 'shop', environment: 'production' };
      await resolveOpenAlert(tx, dedupKeyOf(ruleId, place, 'breach'), { byName: 'Test', reason: 'Over.' });
      await keepAlerts(other);
    });
    await keepAlerts(other);
    const { notice, history } = await getAlert(responder, { alertId });
    expect(notice).toBe('none');
    expect(history.map(({ text }) => text).filter((text) => text.startsWith('CRITICAL is told'))).toEqual([]);
  });
});
