import type { Page } from '@playwright/test';
import { query } from './support/database';
import { openRunId, runStatus, visit } from './support/page';
import { hiddenField, Person, signIn } from './support/person';
import { answered, expect, test } from './support/test';

test('a plan that has changed meanwhile is not confirmed: the new one is shown', async ({
  open,
  drill,
  allowProblems,
}) => {
  allowProblems(answered(409), /net::ERR_FAILED/);
  await drill.prepare({ live: 'v1.2.0' });
  const plan = '/drill/staging/deployments/new?tag=v1.3.0';
  const first = await open('responder');
  const second = await open('commander');
  // The third one hears of no change: its event stream is cut.
  const third = await open('commander');
  await third.route('**/streams/live*', (route) => route.abort());
  for (const page of [first, second, third]) await visit(page, plan);

  await first.getByRole('button', { name: 'Deploy v1.3.0 to staging' }).click();
  await openRunId(first);
  await expect(runStatus(first)).toHaveText('Succeeded', { timeout: 60_000 });
  const runs = (await drill.runs()).length;

  await expect(second.getByText('Things have changed since you opened this plan')).toBeVisible();
  const confirm = second.getByRole('button', { name: 'Deploy v1.3.0 to staging' });
  await expect(confirm).toHaveAttribute('aria-disabled', 'true');
  await expect(second.getByRole('region', { name: 'Confirm' })).toContainText('v1.2.0');
  await second.getByRole('button', { name: 'Show the new plan' }).click();
  await expect(confirm).not.toHaveAttribute('aria-disabled', 'true');
  await expect(second.getByRole('region', { name: 'Confirm' })).not.toContainText('v1.2.0');

  const answer = third.waitForResponse((response) => response.request().method() === 'POST');
  await third.getByRole('button', { name: 'Deploy v1.3.0 to staging' }).click();
  expect((await answer).status()).toBe(409);
  await expect(third.getByRole('alert')).toContainText('Things have changed since this page was opened');
  await expect(third.getByRole('alert')).toContainText('Nothing was started.');
  await expect(third.getByRole('region', { name: 'Confirm' })).not.toContainText('v1.2.0');
  expect((await drill.runs()).length).toBe(runs);
});

test('two rollbacks pressed at the same instant are one run, and both people see it', async ({
  open,
  drill,
}) => {
  await drill.prepare({ live: 'v1.3.0', before: 'v1.2.0' });
  const pages = await Promise.all([open('responder'), open('commander')]);
  for (const page of pages) await visit(page, '/drill/staging/rollback');
  const before = (await drill.runs()).length;
  const press = (page: Page) => page.getByRole('button', { name: 'Roll back to v1.2.0' }).click();
  await Promise.all(pages.map(press));
  const [one, other] = await Promise.all(pages.map(openRunId));
  expect(one).toBe(other);
  expect((await drill.runs()).length).toBe(before + 1);
  for (const page of pages) await expect(runStatus(page)).toHaveText('Succeeded', { timeout: 60_000 });
});

test('a session that ended before the confirmation gets a page that says so, and nothing starts', async ({
  open,
  drill,
  baseURL,
  allowProblems,
}) => {
  allowProblems(answered(401));
  await drill.prepare({});
  const origin = baseURL ?? '';
  const cookie = await signIn(origin, 'responder');
  const [name = '', value = ''] = cookie.split('=');
  const page = await open(null);
  await page.context().addCookies([{ name, value, url: origin }]);
  await visit(page, '/drill/staging/deployments/new?tag=v1.3.0');
  const runs = (await drill.runs()).length;
  await query(
    `UPDATE session SET expires_at = now() - interval '1 minute' WHERE id = encode(sha256(convert_to($1, 'UTF8')), 'hex')`,
    [value],
  );
  const answer = page.waitForResponse((response) => response.request().method() === 'POST');
  await page.getByRole('button', { name: 'Deploy v1.3.0 to staging' }).click();
  expect((await answer).status()).toBe(401);
  await expect(page.getByRole('heading', { name: 'You are signed out' })).toBeVisible();
  await page.getByRole('link', { name: 'Sign in' }).click();
  await expect(page).toHaveURL(/\/login\?redirectTo=%2Fdrill%2Fstaging%2Fdeployments%2Fnew%3Ftag%3Dv1\.3\.0/);
  expect((await drill.runs()).length).toBe(runs);
});

test('a confirmation without a connection says that it may not have arrived, and the page comes back by itself', async ({
  open,
  drill,
  allowProblems,
}) => {
  allowProblems(/net::ERR_/, /TypeError: Failed to fetch/);
  await drill.prepare({ live: 'v1.3.0' });
  const page = await open('responder');
  const address = '/drill/staging/deployments/new?tag=v1.2.0';
  await visit(page, address);
  const runs = (await drill.runs()).length;
  await page.context().setOffline(true);
  await page.getByRole('button', { name: 'Deploy v1.2.0 to staging' }).click();
  await expect(page.getByRole('heading', { name: 'No connection to the console' })).toBeVisible();
  await expect(page.getByRole('alert')).toContainText('it may have arrived or not');
  await page.context().setOffline(false);
  await expect(page.getByRole('button', { name: 'Deploy v1.2.0 to staging' })).toBeEnabled();
  await expect(page).toHaveURL(address);
  expect((await drill.runs()).length).toBe(runs);
});

test('a viewer sees everything and starts nothing', async ({ open, drill, allowProblems }) => {
  allowProblems(answered(403));
  await drill.prepare({ live: 'v1.3.0', before: 'v1.2.0' });
  const page = await open('viewer');
  const reason = 'Needs the role Responder or above.';
  for (const [address, button] of [
    ['/', 'Deploy a release'],
    ['/deployments', 'Deploy a release'],
    ['/drill/staging/deployments/new?tag=v1.3.0', 'Deploy v1.3.0 to staging'],
    ['/drill/staging/rollback', 'Roll back to v1.2.0'],
    ['/drill/staging/lock', 'Lock staging'],
  ] as const) {
    await visit(page, address);
    const control = page.getByRole('main').getByRole('button', { name: button }).first();
    await expect(control).toHaveAttribute('aria-disabled', 'true');
    await expect(control).toHaveAccessibleDescription(reason);
    const header = page.getByRole('banner').getByRole('button', { name: 'Roll back' });
    await expect(header).toHaveAccessibleDescription(reason);
  }
  const runs = (await drill.runs()).length;
  const viewer = drill.as('viewer');
  const { text } = await viewer.get('/drill/staging/rollback');
  const answer = await viewer.post('/drill/staging/rollback', {
    intent: 'rollback',
    planHash: hiddenField(text, 'planHash'),
  });
  expect(answer.status).toBe(403);
  expect(answer.text).toContain('You may not do this. Nothing was changed.');
  expect(answer.text).toContain(reason);
  expect((await drill.runs()).length).toBe(runs);
  await page.goto('/audit');
  await expect(page.getByText('Needs the role Manager or above.')).toBeVisible();
});

/** What every refusal has, and what none may have. */
function expectClear(text: string, ...words: string[]): void {
  for (const word of words) expect(text).toContain(word);
  expect(text).toMatch(/[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/);
  expect(text).not.toMatch(/node_modules|\n\s+at .*:\d+:\d+|PrismaClient|server\/[a-z-]+\/[a-z-]+\.[jt]s/);
}

test('bad input gets its own status and clear words, and changes nothing', async ({ drill, baseURL }) => {
  await drill.prepare({ live: 'v1.3.0' });
  const runs = (await drill.runs()).length;
  const person = drill.as('responder');
  const deploy = '/drill/staging/deployments/new?tag=v1.2.0';
  const planHash = hiddenField((await person.get(deploy)).text, 'planHash');
  const form = { intent: 'deploy', tag: 'v1.2.0', planHash };

  const forged = await person.post(deploy, form, { Origin: 'https://evil.example' });
  expect(forged.status).toBe(403);
  expectClear(forged.text, 'did not come from a page of this console', 'Nothing was changed.');

  const anonymous = await new Person(baseURL ?? '', '').post(deploy, form);
  expect(anonymous.status).toBe(401);
  expectClear(anonymous.text, 'You are signed out');

  const unknown = await person.get('/drill/staging/deployments/new?tag=v9.9.9');
  expect(unknown.status).toBe(422);
  expectClear(unknown.text, 'There is no release &quot;v9.9.9&quot;', 'Nothing was started.');

  const gone = await person.post('/drill/staging/deployments/new?tag=v9.9.9', { ...form, tag: 'v9.9.9' });
  expect(gone.status).toBe(422);
  expectClear(gone.text, 'There is no release &quot;v9.9.9&quot;');

  const missing = await person.post(deploy, { intent: 'deploy', tag: 'v1.2.0' });
  expect(missing.status).toBe(400);

  const unreasoned = await person.post('/drill/staging/lock', { intent: 'lock', reason: '' });
  expect(unreasoned.status).toBe(400);
  expect(unreasoned.text).toContain('Say why, in a few words.');

  const stale = await person.post(deploy, { ...form, planHash: '0'.repeat(64) });
  expect(stale.status).toBe(409);
  expect(stale.text).toContain('Things have changed since this page was opened');
  expect(hiddenField(stale.text, 'planHash')).toBe(planHash);

  const noIntent = await person.post(deploy, { ...form, intent: 'erase' });
  expect(noIntent.status).toBe(400);

  for (const [address, status, words] of [
    ['/runs/01a204d9-0000-7000-8000-000000000000', 404, 'This run does not exist.'],
    ['/runs/not-a-run', 400, 'This run does not exist.'],
    ['/nowhere/to/be/found', 404, 'There is no page at this address.'],
    ['/shop/nowhere/rollback', 404, 'There is no environment &quot;nowhere&quot;'],
    ['/drill/staging/releases/mark?tag=v9.9.9', 404, 'There is no release &quot;v9.9.9&quot;'],
    ['/runs?status=lost', 400, ''],
    ['/audit', 403, 'Needs the role Manager or above.'],
  ] as const) {
    const answer = await person.get(address);
    expect(answer.status, address).toBe(status);
    expectClear(answer.text, words);
  }
  expect((await drill.runs()).length).toBe(runs);
  expect(await drill.lock()).toBeNull();
});
