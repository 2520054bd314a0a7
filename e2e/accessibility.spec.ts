import type { Page } from '@playwright/test';
import { expectAccessible } from './support/axe';
import { query } from './support/database';
import type { Environment } from './support/environment';
import { declareIncident, resolveIncident } from './support/incidents';
import { visit } from './support/page';
import { answered, expect, test } from './support/test';

// One test looks at some forty pages, each in two themes.
test.describe.configure({ timeout: 420_000 });

async function walk(page: Page, addresses: readonly string[]): Promise<void> {
  for (const address of addresses) {
    await visit(page, address);
    await test.step(address, () => expectAccessible(page, address));
  }
}

async function newest(environment: Environment, status: string): Promise<string> {
  const run = (await environment.runs()).find((row) => row.status === status);
  if (!run) throw new Error(`No run is ${status}`);
  return `/runs/${run.id}`;
}

test('axe finds nothing on the pages of every day', async ({ open, drill }) => {
  await drill.prepare({ live: 'v1.3.0', before: 'v1.2.0' });
  const page = await open('admin');
  await walk(page, [
    '/',
    '/deployments',
    '/deployments/new',
    '/rollback',
    '/drill/staging/deployments/new',
    '/drill/staging/deployments/new?tag=v1.4.0-lint',
    '/drill/staging/rollback',
    '/drill/staging/checks',
    '/drill/staging/lock',
    '/drill/staging/releases/mark?tag=v1.3.0',
    '/approvals',
    '/freezes',
    '/freezes/new',
    '/freezes/new?kind=again&cron=0+17+*+*+5&durationMinutes=3840&timeZone=Europe/Paris',
    '/runs',
    '/runs?search=nothing+like+it',
    await newest(drill, 'succeeded'),
    '/audit',
  ]);
});

test('axe finds nothing on the pages that watch the shop', async ({ open, drill }) => {
  const page = await open('admin');
  await walk(page, [
    '/checks',
    '/checks?range=quarter',
    '/guarded/preview/metrics',
    '/drill/staging/metrics?window=7d',
    '/checks?state=paused',
    '/checks/new',
    '/alerts',
    '/alerts?state=resolved&search=nothing+like+it',
    '/incidents',
    '/incidents?search=nothing+like+it',
    '/incidents/new',
    '/alerts/rules',
    '/alerts/rules/new?kind=ratio',
    '/alerts/deliveries',
    '/alerts/deliveries?search=nothing+like+it',
    '/status-updates',
    '/figures',
    '/figures?period=12m&milestone=resolve&kind=recorded',
  ]);
  const incident = await declareIncident(drill.as('responder'), { title: 'For a look', level: '4' });
  const address = `/incidents/${incident}`;
  await drill.as('responder').post(address, { intent: 'compose', text: '/note 00:00 At midnight' });
  await walk(page, [address, `${address}?order=oldest&system=hide`]);
  await page.getByRole('button', { name: /^Pin / }).first().click();
  await page.getByRole('region', { name: 'Pinned' }).waitFor();
  // The toast comes a little later, and fades in.
  await page.getByText('It is pinned.').waitFor();
  await page.getByRole('link', { name: 'Correct' }).first().click();
  await page.getByText('Say what they show').click();
  await page.getByText('Change the title').first().click();
  await page.getByText('With a note, or leave it out').first().click();
  await page.getByText('Give or hand over a role').click();
  await page.getByText('Change the level').first().click();
  await page.getByText('It is the same as another').click();
  await page.getByText('Say otherwise').click();
  await test.step('an incident with all its forms', () => expectAccessible(page, 'an incident'));
  await resolveIncident(drill.as('responder'), incident);
  await visit(page, '/incidents?mine=true&state=resolved');
  await page.getByText('Save what is shown as a view').click();
  await test.step('saving a view', () => expectAccessible(page, 'saving a view'));

  await visit(page, '/checks?environment=staging&kind=health');
  await page.getByRole('link', { name: 'Health' }).click();
  await page.getByRole('heading', { level: 2, name: 'What it needs' }).waitFor();
  await test.step('a check', () => expectAccessible(page, 'a check'));
});

/** Adds an alert with all that its page can show, of an environment where nothing waits for it. @returns its id */
async function addAlert({ service, environment }: Environment): Promise<string> {
  const points = [1, 2, null, 12].map((value, minute) => ({ at: `2026-03-01T23:5${minute}:00.000Z`, value }));
  const selector = { metric: 'http_requests_total' };
  const measure = {
    kind: 'ratio',
    numerator: { ...selector, labels: { status: '5xx' } },
    denominator: selector,
  };
  const rule = {
    key: 'health-critical',
    version: 1,
    words: 'Share of http_requests_total{status="5xx"} in http_requests_total above 5 % for 2 min.',
    source: { type: 'metric', measure, windowSeconds: 60 },
    comparison: '>',
    threshold: 5,
    resolveThreshold: null,
    forSeconds: 120,
    minimumTraffic: 20,
    action: 'rollback',
    dryRun: true,
    mentions: ['devops'],
  };
  const [alert] = await query<{ id: string }>(
    `INSERT INTO alert (id, dedup_key, rule_id, rule_key, service, environment, title, cause, severity, channel, rule, value,
       explanation, chart, breach_since, opened_at, notice)
     SELECT gen_random_uuid(), 'accessibility', id, key, $1, $2, 'Requests fail', 'breach', 'warning', 'ALERTS', $3, 12,
       'The share of requests that fail is 12 %.', $4, '2026-03-01T23:52:00Z', '2026-03-01T23:53:00Z', 'none'
     FROM alert_rule WHERE key = 'health-critical' RETURNING id::text`,
    [service, environment, JSON.stringify(rule), JSON.stringify({ stepSeconds: 60, points })],
  );
  const id = alert?.id ?? '';
  await query(
    `INSERT INTO alert_event (alert_id, kind, text, by_name, at) VALUES
       ($1, 'fired', 'It is 12 %.', 'The console', '2026-03-01T23:53:00Z'),
       ($1, 'action', 'Dry run: would be asked to roll back by itself.', 'The console', '2026-03-01T23:53:01Z'),
       ($1, 'flapping', 'It goes on and off.', 'The console', '2026-03-02T00:01:00Z')`,
    [id],
  );
  return id;
}

test('axe finds nothing on an alert, a rule that is tried and the form of a check', async ({
  open,
  drill,
}) => {
  const page = await open('admin');
  await walk(page, ['/alerts/rules/health-critical?test=1']);
  await page.getByText('Switch it off').click();
  await test.step('a rule about to be off', () => expectAccessible(page, 'a rule about to be off'));

  const alert = `/alerts/${await addAlert(drill)}`;
  await walk(page, [alert]);
  await page.getByText('Resolve it by hand').click();
  await test.step('an alert about to be resolved', () =>
    expectAccessible(page, 'an alert about to be resolved'));
  await page.getByLabel('Why it is over').fill('It was made for a look');
  await page.getByRole('button', { name: 'Resolve' }).click();
  await expect(page.getByText('It was made for a look')).toBeVisible();
  await test.step('a resolved alert', () => expectAccessible(page, 'a resolved alert'));

  const admin = drill.as('admin');
  const made = await admin.post('/checks/new', {
    intent: 'create',
    place: `${drill.service}/${drill.environment}`,
    key: `axe-${Date.now().toString(36)}`,
    title: 'For a look',
    kind: 'http',
    url: drill.shopUrl,
    intervalSeconds: '3600',
  });
  expect(made.status).toBe(303);
  await walk(page, [`${made.location}/change`]);
  // A page of what is gone would say so.
  await page.close();
  expect((await admin.post(`${made.location}/change`, { intent: 'remove' })).status).toBe(303);
});

test('axe finds nothing on post-mortems and action items', async ({ open, drill }) => {
  const admin = drill.as('admin');
  const page = await open('admin');
  const call = async (path: string, body: Record<string, unknown>): Promise<{ number: number }> => {
    const answer = await page.request.post(`/api/v1${path}`, {
      data: body,
      headers: { Origin: drill.origin },
    });
    expect(answer.ok(), await answer.text()).toBe(true);
    return answer.json();
  };
  const { number } = await call('/incidents', { title: 'For a look', level: 3 });
  await call(`/incidents/${number}/state`, { version: 1, state: 'resolved' });
  const address = `/postmortems/${number}`;
  const begun = await admin.post('/postmortems', { intent: 'begin', number: `INC-${number}` });
  expect([begun.status, begun.location]).toEqual([303, `${address}/edit`]);
  await call(`${address}/action-items`, { title: 'Look at it', dueOn: '2026-01-01' });
  await walk(page, [
    '/postmortems',
    '/postmortems?view=missing',
    '/postmortems?view=all',
    '/postmortems?view=all&search=nothing+like+it',
    address,
    `${address}?revision=1`,
    `${address}/print`,
    `${address}/edit`,
    '/action-items',
    '/action-items?group=overdue',
    '/action-items?owner=nobody@like.it',
  ]);
  await visit(page, `${address}/edit`);
  await page
    .getByRole('textbox', { name: 'Root cause' })
    .fill('# Why\n\n- a [link](/runs)\n- `code`\n\n| a | b |\n| - | - |\n| 1 | 2 |');
  await page.getByRole('button', { name: 'Preview' }).click();
  await page.getByRole('region', { name: 'Preview of Root cause' }).waitFor();
  await test.step('a preview', () => expectAccessible(page, 'a preview'));
});

test('axe finds nothing on the pages of people, settings and schedules', async ({ open }) => {
  const page = await open('admin');
  await walk(page, [
    '/settings/account',
    '/settings/sessions?everybody=true',
    '/settings/tokens',
    '/settings/tokens/new',
    '/settings/people',
    '/settings/people?search=nobody+like+it',
    '/settings/people/new',
    '/settings/channels',
    '/settings/playbooks',
    '/settings/playbooks/1',
    '/settings/services',
    '/palette',
    '/api-reference?search=rollback',
  ]);
  await walk(page, ['/drills', '/drill/practice/drill', '/schedules']);
  await page.getByRole('link', { name: 'Rollback drill' }).click();
  await page.getByRole('heading', { level: 1, name: 'Rollback drill' }).waitFor();
  const schedule = new URL(page.url()).pathname;
  await walk(page, [schedule, `${schedule}/change?cron=nonsense`, `${schedule}/run`]);
  await visit(page, '/settings/people');
  await page.getByRole('link', { name: 'People' }).filter({ visible: true }).click();
  await page.getByRole('link', { name: 'Vida Moreau' }).click();
  await page.getByRole('heading', { level: 1, name: 'Vida Moreau' }).waitFor();
  await test.step('a person', () => expectAccessible(page, 'a person'));

  await visit(page, '/settings/tokens/new');
  await page.getByLabel('Name', { exact: true }).fill('Accessibility');
  await page.getByRole('button', { name: 'Make the token' }).click();
  await page.getByRole('heading', { name: 'The token is made' }).waitFor();
  await test.step('a token just made', () => expectAccessible(page, 'a token just made'));
  await page.getByRole('link', { name: 'Open the token' }).click();
  await page.getByRole('heading', { name: 'Revoke' }).waitFor();
  await test.step('a token', () => expectAccessible(page, 'a token'));
  await page.getByRole('button', { name: 'Revoke the token' }).click();
  await page.getByText('Accessibility is revoked.').waitFor();
});

test('axe finds nothing where something is wrong, locked or going on', async ({
  open,
  drill,
  allowProblems,
}) => {
  allowProblems(answered(404), answered(403), answered(422));
  await drill.prepare({ live: 'v1.3.0', before: 'v1.2.0' });
  const failed = await drill.deploy('v1.4.0-crash');
  expect(failed.status).toBe('failed');
  await drill.as('responder').post('/drill/staging/lock', { intent: 'lock', reason: 'Inventory until noon' });
  const page = await open('responder');
  await walk(page, [
    '/',
    '/deployments',
    '/drill/staging/lock',
    '/drill/staging/deployments/new?tag=v1.3.0',
    `/runs/${failed.id}`,
    '/runs/01a204d9-0000-7000-8000-000000000000',
    '/nowhere',
    '/audit',
    '/drill/staging/deployments/new?tag=v9.9.9',
  ]);

  await drill.prepare({});
  drill.hold();
  const going = await drill.startDeploy('v1.3.0');
  await visit(page, `/runs/${going}`);
  await page.getByText('held line 3', { exact: true }).waitFor();
  await test.step('a run that goes on', () => expectAccessible(page, 'a run that goes on'));
  await page.getByRole('button', { name: 'Cancel the run' }).click();
  await page.getByRole('dialog').waitFor();
  await test.step('its cancel dialog', () => expectAccessible(page, 'its cancel dialog'));
  await walk(page, ['/', '/drill/staging/rollback']);
});

test('axe finds nothing where a second person is awaited and deploys are frozen', async ({
  open,
  guarded,
  drill,
}) => {
  await guarded.prepare({ live: 'v1.2.0' });
  await drill.prepare({});
  const asked = await guarded.startDeploy('v1.3.0');
  const page = await open('commander');
  await walk(page, ['/approvals', `/runs/${asked}`]);
  await page.getByText('Refuse it').click();
  await test.step('its refusal', () => expectAccessible(page, 'its refusal'));
  await walk(await open('responder'), [`/runs/${asked}`, '/approvals']);
  const now = Date.now();
  await drill.as('commander').post('/freezes/new', {
    intent: 'create',
    kind: 'once',
    startsAt: new Date(now).toISOString(),
    endsAt: new Date(now + 3_600_000).toISOString(),
    reason: 'Stocktaking in every shop',
  });
  await walk(page, ['/', '/drill/staging/deployments/new?tag=v1.2.0', '/drill/staging/rollback']);
  await visit(page, '/freezes');
  await page.getByText('End it now').click();
  await test.step('a freeze about to end', () => expectAccessible(page, 'a freeze about to end'));
  await page.getByLabel('Why it may end').fill('All counted');
  await page.getByRole('button', { name: 'End the freeze' }).click();
  await expect(page.getByText('Nothing is frozen')).toBeVisible();
});

test('axe finds nothing before the login and for somebody who may only look', async ({
  open,
  allowProblems,
}) => {
  allowProblems(answered(404));
  await walk(await open(null), [
    '/login',
    '/setup/not-a-token',
    '/join/not-a-token',
    '/nowhere',
    '/api-reference?search=rollback',
  ]);
  const page = await open('viewer');
  await walk(page, ['/', '/drill/staging/lock', '/drill/staging/checks', '/settings/account']);
  await page.getByLabel('Vida Moreau: account and appearance').click();
  await test.step('the account menu', () => expectAccessible(page, 'the account menu'));
  await page.keyboard.press('Escape');
  await page.getByRole('banner').getByRole('link', { name: 'Find or do' }).click();
  await page.getByRole('option').first().waitFor();
  await test.step('the palette', () => expectAccessible(page, 'the palette'));
  await page.getByRole('combobox').fill('shortcuts');
  await page.keyboard.press('Enter');
  await page.getByRole('dialog', { name: 'Keyboard' }).waitFor();
  await test.step('the keyboard help', () => expectAccessible(page, 'the keyboard help'));
});

/** Expects that hardly anything has moved without being asked to since the page began, as the browser's own measure counts it. */
async function expectNoJump(page: Page, where: string): Promise<void> {
  const { sum, moved } = await page.evaluate(
    () =>
      new Promise<{ sum: number; moved: string[] }>((resolve) => {
        let sum = 0;
        const moved: string[] = [];
        new PerformanceObserver((list) => {
          for (const entry of list.getEntries() as (PerformanceEntry & {
            value: number;
            hadRecentInput: boolean;
            sources: { node: Node | null; previousRect: DOMRect; currentRect: DOMRect }[];
          })[]) {
            if (entry.hadRecentInput) continue;
            sum += entry.value;
            for (const { node, previousRect: from, currentRect: to } of entry.sources)
              moved.push(
                `${entry.value.toFixed(3)} ${node?.nodeName} "${node?.textContent?.slice(0, 40)}": top ${from.top} to ${to.top}, height ${from.height} to ${to.height}`,
              );
          }
        }).observe({ type: 'layout-shift', buffered: true });
        requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => resolve({ sum, moved }))));
      }),
  );
  expect(sum, `${where}: ${moved.join('; ')}`).toBeLessThanOrEqual(0.02);
}

test('nothing jumps while pages load and a run goes on', async ({ open, drill }) => {
  await drill.prepare({ live: 'v1.3.0', before: 'v1.2.0' });
  const page = await open('responder');
  for (const address of [
    '/',
    '/deployments',
    '/runs',
    '/drill/staging/rollback',
    '/settings/tokens/new',
    '/settings/services',
    await newest(drill, 'succeeded'),
  ]) {
    await visit(page, address);
    await page.waitForLoadState('networkidle');
    await expectNoJump(page, address);
  }
  drill.hold();
  const id = await drill.startDeploy('v1.2.0');
  await visit(page, `/runs/${id}`);
  await page.getByText('held line 40', { exact: true }).waitFor();
  await expectNoJump(page, 'the page of a run');
  drill.letGo();
  await drill.ended(id);
});
