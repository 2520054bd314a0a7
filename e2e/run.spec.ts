import type { Page, Request } from '@playwright/test';
import { query } from './support/database';
import { logOf, runStatus, step, visit } from './support/page';
import { openShakyLine } from './support/shaky-line';
import { expect, test } from './support/test';

/** The lines that a run page shows, in its order: `number text`. */
function shownLines(page: Page): Promise<string[]> {
  return logOf(page)
    .locator('[id^="L"]')
    .evaluateAll((lines) =>
      lines.map(
        (line) => `${line.id.slice(1)} ${(line.lastElementChild?.lastChild?.textContent ?? '').trim()}`,
      ),
    );
}

/** The lines that the ledger has. */
async function storedLines(runId: string): Promise<string[]> {
  const rows = await query<{ seq: number; text: string }>(
    'SELECT seq, text FROM run_log WHERE run_id = $1 ORDER BY seq',
    [runId],
  );
  return rows.map(({ seq, text }) => `${seq} ${text.trim()}`);
}

/** A line that the held check has not yet written. */
async function laterLine(runId: string): Promise<string> {
  return `held line ${(await storedLines(runId)).length + 25}`;
}

const line = (page: Page, text: string) => logOf(page).getByText(text, { exact: true });

test('a reload and a dropped connection in the middle of a run lose and repeat no line', async ({
  open,
  drill,
  allowProblems,
}) => {
  allowProblems(
    /net::ERR_(CONNECTION_|EMPTY_RESPONSE|INCOMPLETE_CHUNKED_ENCODING|NETWORK_CHANGED|INTERNET_DISCONNECTED)/,
  );
  await drill.prepare({});
  drill.hold();
  const id = await drill.startDeploy('v1.3.0');
  const shaky = await openShakyLine(drill.origin);
  const page = await open('responder');
  const liveMark = page.getByRole('banner').getByRole('status');
  try {
    await visit(page, `${shaky.origin}/runs/${id}`);
    await line(page, 'held line 20').waitFor();
    await visit(page, `${shaky.origin}/runs/${id}`);
    await line(page, 'held line 60').waitFor();

    // The page wants to read its data again when the line goes dead.
    await drill.as('responder').post('/drill/staging/lock', { intent: 'lock', reason: 'Cut the line' });
    await shaky.cut();
    await expect(liveMark).toHaveText('Reconnecting');
    const seen = (await shownLines(page)).length;
    await expect.poll(async () => (await storedLines(id)).length).toBeGreaterThan(seen + 20);
    expect((await shownLines(page)).length).toBe(seen);
    await shaky.mend();
    await expect(liveMark).toHaveText('Live', { timeout: 30_000 });
    await expect(page.getByText('drill / staging is locked for deploys')).toBeVisible();
    drill.letGo();
    await expect(runStatus(page)).toHaveText('Succeeded', { timeout: 60_000 });
    const stored = await storedLines(id);
    await expect.poll(() => shownLines(page)).toEqual(stored);
    expect(stored.length).toBeGreaterThan(80);
    await visit(page, `/runs/${id}`);
    expect(await shownLines(page)).toEqual(stored);
  } finally {
    await shaky.close();
  }
});

test('the tabs of one browser share one event stream', async ({ open, drill }) => {
  await drill.prepare({});
  drill.hold();
  const id = await drill.startDeploy('v1.3.0');
  const first = await open('responder');
  const opened = new Set<Request>();
  const context = first.context();
  // The stream of a page that was closed ends without a word.
  const streams = () => [...opened].filter((request) => !request.frame().page().isClosed()).length;
  const isStream = (url: string) => new URL(url).pathname === '/streams/live';
  context.on('request', (request) => isStream(request.url()) && opened.add(request));
  context.on('requestfinished', (request) => opened.delete(request));
  context.on('requestfailed', (request) => opened.delete(request));
  await visit(first, `/runs/${id}`);
  await line(first, 'held line 5').waitFor();
  const second = await context.newPage();
  await visit(second, '/runs');
  const third = await context.newPage();
  await visit(third, `/runs/${id}`);
  for (const page of [first, second, third]) {
    await expect(page.getByRole('status').filter({ hasText: 'Live' })).toBeVisible();
  }
  await expect.poll(streams).toBe(1);
  await line(first, await laterLine(id)).waitFor();
  await line(third, await laterLine(id)).waitFor();
  expect(streams()).toBe(1);
  // Another tab takes over, from the last line that the closed one passed on.
  await third.close();
  await expect.poll(streams).toBe(1);
  await line(first, await laterLine(id)).waitFor();
  drill.letGo();
  await expect(runStatus(first)).toHaveText('Succeeded', { timeout: 60_000 });
  await expect.poll(() => shownLines(first)).toEqual(await storedLines(id));
});

test('a run is cancelled with a reason, in a dialog that Escape leaves', async ({ open, drill }) => {
  await drill.prepare({});
  const before = await drill.live();
  drill.hold();
  const id = await drill.startDeploy('v1.3.0');
  const page = await open('responder');
  await visit(page, `/runs/${id}`);
  await line(page, 'held line 3').waitFor();
  await page.getByRole('button', { name: 'Cancel the run' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText('Visitors keep the release that they are on.');
  await page.keyboard.press('Escape');
  await expect(dialog).toHaveCount(0);
  await page.getByRole('button', { name: 'Cancel the run' }).click();
  await dialog.getByLabel('Why').fill('The wrong release');
  await page.keyboard.press('Enter');
  await expect(runStatus(page)).toHaveText('Cancelled', { timeout: 30_000 });
  await expect(page.getByText('Rémy Laurent: The wrong release')).toBeVisible();
  expect(await drill.live()).toEqual(before);
  expect(await drill.served()).toBe(before?.tag);
});

test('a failed run goes on from the step that failed', async ({ open, drill }) => {
  await drill.prepare({ live: 'v1.2.0' });
  drill.hold({ fail: true });
  const id = await drill.startDeploy('v1.3.0');
  const page = await open('responder');
  await visit(page, `/runs/${id}`);
  await line(page, 'held line 1').waitFor();
  drill.letGo();
  await expect(runStatus(page)).toHaveText('Failed', { timeout: 30_000 });
  await expect(step(page, 'Held check')).toContainText('Exit code 1');
  drill.release();
  await page.getByRole('button', { name: 'Resume from the failed step' }).click();
  await expect(runStatus(page)).toHaveText('Succeeded', { timeout: 60_000 });
  await expect(step(page, 'Held check')).toContainText('attempt 2');
  expect(await drill.live()).toEqual({ tag: 'v1.3.0', status: 'live' });
});

test('a rollback takes the place of a deploy that is under way', async ({ open, drill }) => {
  await drill.prepare({ live: 'v1.3.0', before: 'v1.2.0' });
  drill.hold();
  const id = await drill.startDeploy('v1.1.0');
  const page = await open('responder');
  await visit(page, `/runs/${id}`);
  await line(page, 'held line 1').waitFor();
  await page.getByRole('banner').getByRole('link', { name: 'Roll back' }).click();
  await expect(page.getByRole('region', { name: 'Confirm' })).toContainText(/It stops run #\d+/);
  await page.getByRole('button', { name: 'Roll back to v1.2.0' }).click();
  await expect(page).toHaveURL(/\/runs\//);
  await expect(runStatus(page)).toHaveText('Succeeded', { timeout: 60_000 });
  await visit(page, `/runs/${id}`);
  await expect(runStatus(page)).toHaveText('Cancelled');
  await expect(page.getByText('Another run took its place')).toBeVisible();
  expect(await drill.served()).toBe('v1.2.0');
});

test('a line of the log has an address, and a step shows its lines alone', async ({ open, drill }) => {
  await drill.prepare({});
  drill.hold();
  const id = await drill.startDeploy('v1.3.0');
  const page = await open('viewer');
  await visit(page, `/runs/${id}`);
  await line(page, 'held line 60').waitFor();
  drill.letGo();
  await drill.ended(id);
  await page.goto('/runs');
  await visit(page, `/runs/${id}#L10`);
  const tenth = page.locator('#L10');
  await expect(tenth).toBeInViewport();
  await expect(tenth).toHaveClass(/(^| )bg-herb-soft( |$)/);
  await step(page, 'Health gate').getByRole('link').click();
  await expect(page).toHaveURL(/\?step=\d+/);
  const stored = await storedLines(id);
  await expect.poll(async () => (await shownLines(page)).length).toBeLessThan(stored.length);
  for (const shown of await shownLines(page)) expect(stored).toContain(shown);
});
