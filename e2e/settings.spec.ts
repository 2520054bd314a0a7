import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Locator, Page } from '@playwright/test';
import { query } from './support/database';
import { expectNoSideScroll, hydrated, visit } from './support/page';
import { answered, expect, test } from './support/test';

const PASSWORD = 'nettle and thyme and rue';
const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0';
const PHONE = { viewport: { width: 375, height: 812 }, isMobile: true, hasTouch: true };

let people = 0;

/** Somebody whom no earlier test has met. */
function somebody(): { name: string; email: string } {
  people += 1;
  const mark = `${Date.now().toString(36)}-${people}`;
  return { name: `Noor Haddad ${mark}`, email: `noor-${mark}@people.example` };
}

/** Invites a person by the form. @returns the one-time link, which only this page has */
async function invite(page: Page, person: { name: string; email: string }, role: RegExp): Promise<string> {
  await page.goto('/settings/people');
  await page.getByRole('link', { name: 'Invite a person' }).click();
  await page.getByLabel('Name', { exact: true }).fill(person.name);
  await page.getByLabel('E-mail').fill(person.email);
  await page.getByRole('radio', { name: role }).check();
  await page.getByRole('button', { name: 'Invite', exact: true }).click();
  await expect(page.getByText(`${person.name} is invited`)).toBeVisible();
  return (await page.locator('code', { hasText: '/join/' }).textContent()) ?? '';
}

async function join(page: Page, link: string): Promise<void> {
  await page.goto(link);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Join' }).click();
  await expect(page).toHaveURL('/');
}

async function signIn(page: Page, email: string): Promise<void> {
  await page.goto('/login');
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
}

async function openPerson(page: Page, person: { name: string; email: string }): Promise<void> {
  await page.goto(`/settings/people?search=${encodeURIComponent(person.email)}`);
  await page.getByRole('link', { name: person.name }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(person.name);
}

/** The value beside a label of a list of facts. */
function fact(page: Page, label: string): Locator {
  return page
    .getByRole('term')
    .filter({ hasText: new RegExp(`^${label}$`) })
    .locator('xpath=following-sibling::dd[1]');
}

function rows(page: Page): Locator {
  return page.getByRole('table').locator('tbody').getByRole('row');
}

test('somebody is invited, joins, gets another role and is signed out by it, and is disabled', async ({
  open,
  allowProblems,
}) => {
  allowProblems(answered(401), answered(422));
  const admin = await open('admin');
  const noor = somebody();
  const link = await invite(admin, noor, /^Viewer/);
  expect(link).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/join\/[\w-]{43}$/);
  await admin.reload();
  await expect(admin.getByText('/join/')).toHaveCount(0);

  const page = await open(null);
  await page.goto(link);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(`Welcome, ${noor.name}`);
  await join(page, link);
  await visit(page, '/settings');
  await expect(page).toHaveURL('/settings/account');
  await expect(page.getByRole('main')).toContainText('Sees what happens and changes nothing.');
  await expect(page.getByRole('link', { name: 'People' })).toHaveCount(0);
  const late = await open(null);
  await late.goto(link);
  await expect(late.getByText('This link does not open')).toBeVisible();

  await openPerson(admin, noor);
  await expect(fact(admin, 'Open sessions')).toHaveText('1');
  await hydrated(admin);
  await admin.getByRole('radio', { name: /^Responder/ }).check();
  await admin.getByRole('button', { name: 'Change the role' }).click();
  await expect(admin.getByText(`${noor.name} is Responder now. Their sessions ended.`)).toBeVisible();
  await expect(fact(admin, 'Open sessions')).toHaveText('0');
  await page.goto('/runs');
  await expect(page).toHaveURL('/login?redirectTo=%2Fruns');
  await signIn(page, noor.email);
  await expect(page).toHaveURL('/');
  await page.goto('/settings/account');
  await expect(page.getByRole('main')).toContainText('On call: deploys');
  await expect(page.getByRole('link', { name: 'Services' })).toBeVisible();

  await admin.getByLabel('Why').fill('Has left the company');
  await admin.getByRole('button', { name: `Disable ${noor.name}` }).click();
  await expect(admin.getByText(`${noor.name} is disabled.`)).toBeVisible();
  await page.goto('/runs');
  await expect(page).toHaveURL(/\/login/);
  await signIn(page, noor.email);
  await expect(page.getByRole('alert')).toContainText('do not fit together');

  await admin.goto('/settings/people?status=disabled');
  await expect(rows(admin).filter({ hasText: noor.email })).toContainText('Disabled');
  await openPerson(admin, noor);
  await admin.getByRole('link', { name: 'What was done to them' }).click();
  for (const action of ['created', 'role-changed', 'disabled']) {
    await expect(rows(admin).filter({ hasText: `auth.person.${action}` })).toHaveCount(1);
  }
  await expect(rows(admin).filter({ hasText: 'auth.person.disabled' })).toContainText('Has left the company');
});

test('what an admin may not do to people is refused with its reason, and the form keeps what was typed', async ({
  open,
  allowProblems,
}) => {
  allowProblems(answered(400), answered(409), answered(403));
  const admin = await open('admin');
  await visit(admin, '/settings/people/new');
  await admin.getByLabel('Name', { exact: true }).fill('Somebody else');
  await admin.getByLabel('E-mail').fill('admin@demo.herbisveritas.example');
  await admin.getByRole('radio', { name: /^Manager/ }).check();
  await admin.getByRole('button', { name: 'Invite', exact: true }).click();
  await expect(admin.getByRole('alert')).toHaveText(/This e-mail address is taken\. Nothing was changed\./);
  await expect(admin.getByLabel('Name', { exact: true })).toHaveValue('Somebody else');
  await expect(admin.getByRole('radio', { name: /^Manager/ })).toBeChecked();

  await openPerson(admin, { name: 'Vida Moreau', email: 'viewer@demo.herbisveritas.example' });
  await hydrated(admin);
  await admin.getByRole('button', { name: 'Change the role' }).click();
  await expect(admin.getByRole('alert')).toContainText('has the role Viewer already. Nothing was changed.');
  await openPerson(admin, { name: 'Ada Fontaine', email: 'admin@demo.herbisveritas.example' });
  await expect(admin.getByText('This is you')).toBeVisible();
  await expect(admin.getByRole('button', { name: /^Disable/ })).toHaveCount(0);

  const responder = await open('responder');
  await responder.goto('/settings/people');
  await expect(responder.getByRole('heading', { level: 1 })).toHaveText('Not allowed for your role');
});

test('without JavaScript somebody is invited, joins, changes their password and gets a token', async ({
  open,
  allowProblems,
}) => {
  allowProblems(answered(422));
  const plain = { javaScriptEnabled: false };
  const admin = await open('admin', plain);
  const noor = somebody();
  const link = await invite(admin, noor, /^Responder/);
  const page = await open(null, plain);
  await join(page, link);

  await page.goto('/settings/account');
  await page.getByLabel('Current password').fill('not the password');
  await page.getByLabel('New password').fill('another long sentence');
  await page.getByRole('button', { name: 'Change the password' }).click();
  await expect(page.getByRole('alert')).toContainText('This is not your current password.');
  await page.getByLabel('Current password').fill(PASSWORD);
  await page.getByLabel('New password').fill('another long sentence');
  await page.getByRole('button', { name: 'Change the password' }).click();
  await expect(page.getByText(/^Your password is changed\./)).toBeVisible();

  await page.goto('/settings/tokens/new');
  await page.getByLabel('Name', { exact: true }).fill('Laptop');
  await page.getByRole('button', { name: 'Deploy and roll back' }).click();
  await expect(page.getByLabel('Name', { exact: true })).toHaveValue('Laptop');
  await expect(page.getByLabel('Roll back', { exact: true })).toBeChecked();
  await expect(page.getByLabel('Cancel runs')).toBeChecked();
  await expect(page.getByLabel('Lock an environment')).not.toBeChecked();
  await page.getByLabel('Cancel runs').uncheck();
  await page.getByRole('button', { name: 'Make the token' }).click();
  await expect(page.getByRole('heading', { name: 'The token is made' })).toBeVisible();
  await expect(page.locator('code', { hasText: 'npm run ops -- status' })).toContainText(
    'export OPS_URL=http',
  );
  const [stored] = await query<{ scopes: string[] }>(
    'SELECT t.scopes FROM api_token t JOIN app_user u ON u.id = t.user_id WHERE u.email = $1',
    [noor.email],
  );
  expect(stored?.scopes).toContain('deployments.rollback');
  expect(stored?.scopes).not.toContain('runs.cancel');

  await openPerson(admin, noor);
  await admin.getByRole('button', { name: 'End their sessions' }).click();
  await expect(admin.getByText(/^1 session ended\.$/)).toBeVisible();
  await admin.getByRole('button', { name: 'Make a new link' }).click();
  await expect(admin.getByText(`The link for ${noor.name} is made`)).toBeVisible();
  await admin.getByLabel('Why').fill('On parental leave');
  await admin.getByRole('button', { name: `Disable ${noor.name}` }).click();
  await admin.getByRole('button', { name: `Enable ${noor.name}` }).click();
  await expect(admin.getByText(/ may sign in again\.$/)).toBeVisible();
});

test('a token is shown once, opens the API, and opens nothing once it is revoked', async ({
  open,
  baseURL,
  allowProblems,
}) => {
  allowProblems(answered(403));
  const page = await open('responder');
  const name = `CI ${Date.now().toString(36)}`;
  await visit(page, '/settings/tokens');
  await page.getByRole('link', { name: 'Make a token' }).click();
  await page.getByLabel('Name', { exact: true }).fill(name);
  await page.getByRole('button', { name: 'Read only' }).click();
  await expect(page.getByRole('button', { name: 'Read only' })).toHaveAttribute('aria-pressed', 'true');
  const answering = page.waitForResponse((response) => response.request().method() === 'POST');
  await page.getByRole('button', { name: 'Make the token' }).click();
  const answer = await answering;
  const headers = await answer.allHeaders();
  expect(headers['cache-control']).toBe('no-store');
  expect(headers['set-cookie']).toBeUndefined();
  expect(headers.location).toBeUndefined();
  const secret = (await page.locator('code', { hasText: /^hvo_[\w-]{43}$/ }).textContent()) ?? '';
  expect(page.url()).not.toContain(secret);

  const call = (token: string) =>
    fetch(`${baseURL}/api/v1/me`, { headers: { Authorization: `Bearer ${token}` } });
  const me = await call(secret);
  expect(me.status).toBe(200);
  const { permissions } = (await me.json()) as { permissions: string[] };
  expect(permissions).toContain('runs.read');
  expect(permissions.filter((permission) => !permission.endsWith('.read'))).toEqual([]);

  await page.reload();
  await expect(page.getByText(secret)).toHaveCount(0);
  await page.goto('/settings/tokens');
  expect(await page.content()).not.toContain(secret);
  const row = rows(page).filter({ hasText: name });
  await expect(row).toContainText(`hvo_…${secret.slice(-4)}`);
  await expect(row).toContainText('Read only');
  await row.getByRole('link', { name }).click();
  await expect(fact(page, 'Last used')).not.toHaveText('never');
  await hydrated(page);
  await page.getByRole('button', { name: 'Revoke the token' }).click();
  await expect(page.getByText(`${name} is revoked. It opens nothing any more.`)).toBeVisible();
  await expect(page.getByRole('button', { name: 'Revoke the token' })).toHaveCount(0);
  expect((await call(secret)).status).toBe(401);

  const admin = await open('admin');
  await admin.goto('/settings/tokens?everybody=true');
  const seen = rows(admin).filter({ hasText: name });
  await expect(seen).toContainText('Revoked');
  await seen.getByRole('link', { name }).click();
  await admin.getByRole('link', { name: 'Audit log' }).filter({ visible: true }).last().click();
  await expect(rows(admin).filter({ hasText: 'auth.token.revoked' })).toHaveCount(1);
  const everybody = await page.goto('/settings/tokens?everybody=true');
  expect(everybody?.status()).toBe(403);
});

test('a session is ended from another one, and so are all the others', async ({ open, allowProblems }) => {
  allowProblems(answered(401), answered(403));
  const admin = await open('admin');
  const noor = somebody();
  const page = await open(null);
  await join(page, await invite(admin, noor, /^Viewer/));
  const [fox, third] = [await open(null, { userAgent: FIREFOX }), await open(null)];
  for (const other of [fox, third]) {
    await signIn(other, noor.email);
    await expect(other).toHaveURL('/');
  }

  await visit(page, '/settings/sessions');
  await expect(rows(page)).toHaveCount(3);
  await expect(rows(page).filter({ hasText: 'This session' })).toHaveCount(1);
  const ofFox = rows(page).filter({ hasText: 'Firefox 128 on Linux' });
  await ofFox.getByRole('button', { name: /^End the session/ }).click();
  await expect(page.getByText('The session is ended.')).toBeVisible();
  await expect(rows(page)).toHaveCount(2);
  await fox.goto('/runs');
  await expect(fox).toHaveURL(/\/login/);

  await page.getByRole('button', { name: 'End all others' }).click();
  await expect(page.getByText('1 other session of yours ended.')).toBeVisible();
  await expect(rows(page)).toHaveCount(1);
  await third.goto('/runs');
  await expect(third).toHaveURL(/\/login/);
  await page.goto('/runs');
  await expect(page).toHaveURL('/runs');

  await admin.goto('/settings/sessions?everybody=true');
  const own = rows(admin).filter({ hasText: noor.name });
  await expect(own).toHaveCount(1);
  await own.getByRole('button', { name: /^End the session/ }).click();
  await expect(own).toHaveCount(0);
  await page.goto('/runs');
  await expect(page).toHaveURL(/\/login/);
});

test('the services are shown as configured, with the hash of each process and no secret', async ({
  open,
  shop,
}) => {
  const page = await open('responder');
  await visit(page, '/settings/services');
  const production = page.getByRole('region', { name: 'HerbisVeritas shop: Production' });
  await expect(production).toContainText('npm run --silent test:unit');
  await expect(production.getByRole('listitem').filter({ hasText: 'DATABASE_URL' })).toContainText('secret');
  await expect(production.getByRole('listitem').filter({ hasText: 'SHOP_URL' })).not.toContainText('secret');
  await expect(page.getByRole('region', { name: 'Drill shop: Staging' })).toContainText('Held check');

  const configuration = page.getByRole('region', { name: 'Configuration' });
  await expect(fact(page, 'The file')).toContainText('e2e/ops.config.ts');
  await expect(fact(page, 'The file')).toContainText('In use');
  const workers = await query<{ hash: string; pid: number }>(
    `SELECT config_hash AS hash, pid FROM worker WHERE last_seen_at > clock_timestamp() - interval '15 seconds'`,
  );
  expect(workers).toHaveLength(1);
  await expect(fact(page, 'In use')).toHaveText(workers[0]?.hash.slice(0, 12) ?? 'none');
  const worker = configuration.getByRole('listitem').filter({ hasText: `process ${workers[0]?.pid}` });
  await expect(worker).toContainText('The same');

  const { shop: password } = JSON.parse(
    readFileSync(path.join(process.env.E2E_DATA_DIR ?? '', 'postgres.json'), 'utf8'),
  ) as { shop: string };
  expect(password.length).toBeGreaterThan(10);
  const answer = await shop.as('responder').get('/settings/services');
  expect(answer.text).toContain('DATABASE_URL');
  expect(answer.text).not.toContain(password);
  expect((await shop.as('viewer').get('/settings/services')).status).toBe(403);
});

test('the lists download as they are shown', async ({ shop }) => {
  const admin = shop.as('admin');
  const everybody = await admin.get('/settings/people.csv');
  expect(everybody.headers.get('content-disposition')).toBe('attachment; filename="people.csv"');
  const [counted] = await query<{ people: number; admins: number }>(
    `SELECT count(*)::int AS people, count(*) FILTER (WHERE role = 'admin')::int AS admins FROM app_user`,
  );
  const lines = (text: string) => text.trim().split('\r\n');
  expect(lines(everybody.text)).toHaveLength(1 + (counted?.people ?? 0));
  expect(lines((await admin.get('/settings/people.csv?role=admin')).text)).toHaveLength(
    1 + (counted?.admins ?? 0),
  );
  expect((await admin.get('/settings/tokens.csv?everybody=true')).text).toContain('last used (UTC)');
  expect((await shop.as('manager').get('/settings/people.csv')).status).toBe(403);
  expect((await shop.as('manager').get('/settings/tokens.csv?everybody=true')).status).toBe(403);
});

test('on a phone the settings are a strip above the page, and nothing is wider than the screen', async ({
  open,
}) => {
  const page = await open('admin', PHONE);
  await visit(page, '/');
  const bar = page.getByRole('navigation', { name: 'Main' }).filter({ visible: true });
  expect(await bar.locator('> a, > div').count()).toBeLessThanOrEqual(5);
  if ((await bar.getByRole('link', { name: 'Settings' }).filter({ visible: true }).count()) === 0) {
    await bar.getByLabel('More pages').tap();
  }
  await bar.getByRole('link', { name: 'Settings' }).tap();
  await expect(page).toHaveURL('/settings/account');
  const strip = page.getByRole('navigation', { name: 'Settings' });
  for (const [name, heading] of [
    ['Sessions', 'Sessions'],
    ['API tokens', 'API tokens'],
    ['People', 'People'],
    ['Services', 'Services and environments'],
  ] as const) {
    const link = strip.getByRole('link', { name });
    await link.tap();
    await expect(page.getByRole('heading', { level: 1 })).toHaveText(heading);
    await expect(link).toBeInViewport({ ratio: 1 });
    expect((await link.boundingBox())?.height).toBeGreaterThanOrEqual(44);
    await expectNoSideScroll(page);
  }
  for (const address of ['/settings/people/new', '/settings/tokens/new']) {
    await visit(page, address);
    await expectNoSideScroll(page);
  }
});
