import { readFileSync } from 'node:fs';
import type { Page } from '@playwright/test';
import { formatDuration } from '#app/lib/format';
import { query } from './support/database';
import { expectNoSideScroll, pastArrival, visit } from './support/page';
import { answered, expect, test } from './support/test';

interface DrillRow {
  status: string;
  rollbackMs: number | null;
  releaseTag: string;
  restoredTag: string;
  deployNumber: number;
  rollbackNumber: number | null;
}

async function lastDrill(): Promise<DrillRow> {
  const [row] = await query<DrillRow>(
    `SELECT d.status, d.rollback_ms AS "rollbackMs", d.release_tag AS "releaseTag", d.restored_tag AS "restoredTag",
       deploy.number AS "deployNumber", back.number AS "rollbackNumber"
     FROM drill d JOIN run deploy ON deploy.id = d.deploy_run_id LEFT JOIN run back ON back.id = d.rollback_run_id
     WHERE d.service = 'drill' AND d.environment = 'practice' ORDER BY d.started_at DESC LIMIT 1`,
  );
  if (!row) throw new Error('There is no drill');
  return row;
}

/** The schedule that the worker gives the practice environment by itself. */
async function scheduleId(): Promise<string> {
  const [row] = await query<{ id: string }>(
    `SELECT id FROM schedule WHERE key = 'deployments.drill:drill/practice'`,
  );
  if (!row) throw new Error('The practice environment has no schedule');
  return row.id;
}

const panel = (page: Page) => page.getByRole('region', { name: 'Drill shop Practice' });

test('a drill from the page: both runs, the measured seconds, the history and its CSV', async ({
  open,
  practice,
}) => {
  await practice.prepare({ live: 'v1.3.0', before: 'v1.2.0' });
  const page = await open('responder');
  await visit(page, '/drills');
  await panel(page).getByRole('link', { name: 'Run a drill now' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Rollback drill in practice');
  const main = page.getByRole('main');
  await expect(main.getByRole('heading', { name: 'First: deploy v1.2.0' })).toBeVisible();
  await expect(main.getByRole('heading', { name: 'Then: roll back to v1.3.0' })).toBeVisible();
  await pastArrival(page);
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL('/drills');
  const going = panel(page).getByRole('region', { name: 'The drill that is going on' });
  await expect(going.getByRole('link', { name: /Deploy v1\.2\.0/ }).first()).toBeVisible();
  await expect(panel(page).getByRole('button', { name: 'Run a drill now' })).toHaveAccessibleDescription(
    'A drill is going on here.',
  );

  // The page follows to the end without being loaded again.
  await expect(panel(page).getByText('Holds its budget')).toBeVisible({ timeout: 90_000 });
  await expect(going).toHaveCount(0);
  const drill = await lastDrill();
  expect(drill).toMatchObject({ status: 'succeeded', releaseTag: 'v1.2.0', restoredTag: 'v1.3.0' });
  const seconds = formatDuration(drill.rollbackMs ?? 0);
  await expect(panel(page).getByText(seconds, { exact: true }).first()).toBeVisible();
  expect(await practice.live()).toEqual({ tag: 'v1.3.0', status: 'live' });
  expect(await practice.served()).toBe('v1.3.0');
  expect(await practice.lock()).toBeNull();
  expect(await practice.verdict('v1.2.0')).toBe('none');

  const row = page.getByRole('table', { name: 'Drills, newest first' }).getByRole('row').nth(1);
  await expect(row).toContainText('Within budget');
  await expect(row).toContainText(seconds);
  await expect(row.getByRole('link', { name: `#${drill.deployNumber}` })).toBeVisible();
  await row.getByRole('link', { name: `#${drill.rollbackNumber}` }).click();
  await expect(page.getByRole('heading', { level: 1 })).toContainText('Roll back practice to v1.3.0');

  await visit(page, '/drills?environment=practice');
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: 'CSV' }).click(),
  ]);
  expect(download.suggestedFilename()).toBe('drills.csv');
  const lines = readFileSync(await download.path(), 'utf8')
    .trim()
    .split('\r\n');
  expect(lines.at(-1)).toContain(
    `,drill,practice,succeeded,${drill.rollbackMs},90000,v1.2.0,v1.3.0,Rémy Laurent,${drill.deployNumber},${drill.rollbackNumber}`,
  );
});

test('a drill that cannot start says why, and starts nothing', async ({ open, practice, allowProblems }) => {
  allowProblems(answered(422), answered(403));
  await practice.prepare({ live: 'v1.3.0', before: 'v1.2.0' });
  await practice
    .as('responder')
    .post(`${practice.path}/lock`, { intent: 'lock', reason: 'Somebody measures here' });
  const runs = (await practice.runs()).length;
  const page = await open('responder');
  await visit(page, '/drills');
  await expect(panel(page).getByText('The environment is locked: Somebody measures here.')).toBeVisible();
  await visit(page, `${practice.path}/drill`);
  await expect(
    page.getByRole('main').getByRole('button', { name: 'Run the drill in practice' }),
  ).toHaveAttribute('aria-disabled', 'true');
  const refused = await practice.as('responder').post(`${practice.path}/drill`, { intent: 'drill' });
  expect(refused.status).toBe(423);
  expect(refused.text).toContain('Somebody measures here');
  expect((await practice.runs()).length).toBe(runs);

  const viewer = await practice.as('viewer').post(`${practice.path}/drill`, { intent: 'drill' });
  expect(viewer.status).toBe(403);
  const outside = await practice.as('responder').get('/shop/production/drill');
  expect(outside.status).toBe(422);
  expect(outside.text).toContain('shop/production is no practice environment');
  await practice.prepare({});
});

test('a schedule is previewed, changed, paused and resumed, and keeps what it missed', async ({ open }) => {
  const id = await scheduleId();
  const page = await open('commander');
  await visit(page, '/schedules');
  await page.getByRole('link', { name: 'Rollback drill' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toContainText('Rollback drill');
  await page.getByRole('main').getByRole('link', { name: 'Change' }).click();

  // Seen before it is saved: first what cannot be, then a rule of another zone.
  const proposed = page.getByRole('region', { name: 'It would be due' });
  await page.getByLabel('When', { exact: true }).fill('0 10 * *');
  await expect(page.getByText(/^Use five fields/)).toBeVisible();
  await expect(proposed).toContainText('Nothing can be said');
  await page.getByLabel('When', { exact: true }).fill('30 9 * * 1-5');
  await page.getByLabel('Time zone').fill('Asia/Tokyo');
  await expect(proposed).toContainText('Monday to Friday at 09:30');
  await expect(proposed.getByRole('columnheader', { name: 'Asia/Tokyo' })).toBeVisible();
  const first = proposed.getByRole('row').nth(1);
  await expect(first).toContainText(/\d{2} 09:30/);
  await expect(first).toContainText(/\d{2} 00:30/);
  expect(await query('SELECT cron FROM schedule WHERE id = $1', [id])).toEqual([{ cron: '0 10 * * 1' }]);
  await page
    .getByLabel('When nobody was there to start it')
    .selectOption('Start once when somebody is there again');
  await page.getByRole('button', { name: 'Save the change' }).click();
  await expect(page).toHaveURL(`/schedules/${id}`);
  await expect(page.getByRole('main')).toContainText('Monday to Friday at 09:30');
  expect(await query('SELECT cron, time_zone, missed FROM schedule WHERE id = $1', [id])).toEqual([
    { cron: '30 9 * * 1-5', time_zone: 'Asia/Tokyo', missed: 'run_once' },
  ]);

  await page.getByRole('textbox', { name: 'Why' }).fill('The trainer is away');
  await page.getByRole('button', { name: 'Pause' }).click();
  await expect(page.getByText(/^Paused by .+: The trainer is away$/)).toBeVisible();
  await expect(page.getByText('Nothing is due while it is paused.')).toBeVisible();
  await visit(page, '/drills');
  await expect(panel(page).getByRole('link', { name: 'Paused' })).toBeVisible();
  await visit(page, `/schedules/${id}`);
  await page.getByRole('button', { name: 'Resume' }).click();
  await expect(page.getByRole('region', { name: 'Next' })).toContainText('Asia/Tokyo');

  // Two days in which no worker was there, as the clock finds them.
  await visit(page, `/schedules/${id}/change`);
  await page.getByLabel('When', { exact: true }).fill('0 3 * * *');
  await page.getByLabel('When nobody was there to start it').selectOption('Note it as missed');
  await page.getByRole('button', { name: 'Save the change' }).click();
  await expect(page).toHaveURL(`/schedules/${id}`);
  await query("UPDATE schedule SET settled_until = settled_until - interval '2 days' WHERE id = $1", [id]);
  const ticks = page.getByRole('table', { name: 'Due times, newest first' });
  await expect(ticks.getByText('Missed').filter({ visible: true })).toHaveCount(2);
  await expect(ticks.getByText('No worker was there to start it.').filter({ visible: true })).toHaveCount(2);
  await expect(ticks.getByRole('row').nth(1)).toContainText(/ 03:00/);
});

test('a schedule is run by hand after a confirmation, and its row links to the run', async ({
  open,
  practice,
}) => {
  await practice.prepare({ live: 'v1.3.0', before: 'v1.2.0' });
  const id = await scheduleId();
  const page = await open('responder');
  await visit(page, `/schedules/${id}`);
  await expect(page.getByRole('main').getByRole('button', { name: 'Change' })).toHaveAccessibleDescription(
    /Needs the role Incident commander or above/,
  );
  await page.getByRole('main').getByRole('link', { name: 'Run now' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Run Rollback drill now');
  await expect(page.getByRole('main')).toContainText('v1.2.0');
  await page.getByRole('button', { name: 'Start it in practice' }).click();
  await expect(page).toHaveURL(/\/runs\/[0-9a-f-]{36}$/);
  await expect.poll(async () => (await lastDrill()).status, { timeout: 90_000 }).toBe('succeeded');
  await visit(page, `/schedules/${id}`);
  const row = page.getByRole('table', { name: 'Due times, newest first' }).getByRole('row').nth(1);
  await expect(row).toContainText('Started');
  await expect(row).toContainText('Rémy Laurent');
  await row.getByRole('link', { name: 'its run' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toContainText('Deploy v1.2.0 to practice');
});

test('the rule is previewed without JavaScript too, on a phone', async ({ open }) => {
  const page = await open('commander', {
    javaScriptEnabled: false,
    viewport: { width: 375, height: 812 },
  });
  await page.goto(`/schedules/${await scheduleId()}/change`);
  await page.getByLabel('When', { exact: true }).fill('15 7 1 * *');
  await page.getByRole('button', { name: 'Preview' }).click();
  await expect(page.getByRole('region', { name: 'It would be due' })).toContainText(
    'On day 1 of every month at 07:15',
  );
  await expect(page.getByLabel('When', { exact: true })).toHaveValue('15 7 1 * *');
  await expectNoSideScroll(page);
});

test('practice is never what is meant where no environment is named', async ({ open, practice }) => {
  await practice.prepare({});
  const page = await open('responder');
  for (const address of ['/rollback', '/deployments/new']) {
    await visit(page, address);
    const last = page.getByRole('main').getByRole('listitem').last();
    await expect(last).toContainText('For practice');
    await expect(page.getByRole('main').getByText('For practice')).toHaveCount(1);
  }
});
