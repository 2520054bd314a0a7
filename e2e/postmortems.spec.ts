import type { Page } from '@playwright/test';
import { query } from './support/database';
import { declareIncident, resolveIncident } from './support/incidents';
import { visit } from './support/page';
import { answered, expect, test } from './support/test';

interface Incident {
  number: number;
  version: number;
}

/** An incident that is over, declared and resolved by the API as a responder. */
async function resolvedIncident(page: Page, title: string): Promise<number> {
  const call = async (path: string, body: Record<string, unknown>): Promise<Incident> => {
    const answer = await page.request.post(`/api/v1${path}`, {
      data: body,
      headers: { Origin: new URL(page.url()).origin },
    });
    expect(answer.ok(), await answer.text()).toBe(true);
    return (await answer.json()) as Incident;
  };
  const { number, version } = await call('/incidents', { title, level: 2 });
  await call(`/incidents/${number}/state`, { version, state: 'resolved', note: 'Rolled back by hand' });
  return number;
}

test('what an incident taught is written by two, approved by another, published, and becomes work', async ({
  open,
  drill,
  allowProblems,
}) => {
  allowProblems(answered(409));
  allowProblems(answered(422));
  const responder = await open('responder');
  await visit(responder, '/postmortems');
  const number = await resolvedIncident(responder, 'Nobody could pay for an hour');
  const address = `/postmortems/${number}`;

  // The worker begins it; the list of those without a review has it.
  await expect(async () => {
    await visit(responder, `/postmortems?view=missing&search=INC-${number}`);
    await expect(responder.getByRole('link', { name: `INC-${number} Nobody could pay` })).toBeVisible({
      timeout: 500,
    });
  }).toPass({ timeout: 30_000 });
  await responder.getByRole('link', { name: `INC-${number} Nobody could pay` }).click();
  await expect(responder.getByRole('region', { name: 'Summary' })).toContainText('Level 2, major');
  await expect(responder.getByRole('region', { name: 'Resolution' })).toContainText('Rolled back by hand');
  const timeline = responder.getByRole('region', { name: 'Timeline' });
  await expect(timeline).toContainText('Resolved. Rolled back by hand');

  // Without its root cause nobody is asked to look.
  await responder.getByRole('button', { name: 'Submit for review' }).click();
  await expect(responder.getByRole('alert')).toContainText('Nothing is written yet under: Root cause');

  // Two open it at once.
  const commander = await open('commander');
  await visit(commander, `${address}/edit`);
  await visit(responder, `${address}/edit`);
  await responder
    .getByRole('textbox', { name: 'Root cause' })
    .fill('The cache had **no limit** <script>alert(1)</script>');
  await responder.getByRole('button', { name: 'Preview' }).click();
  const preview = responder.getByRole('region', { name: 'Preview of Root cause' });
  await expect(preview.locator('strong')).toHaveText('no limit');
  await expect(preview).toContainText('<script>alert(1)</script>');
  await responder.getByRole('textbox', { name: 'Root cause' }).fill('The cache had **no limit**.');
  await responder.getByRole('textbox', { name: 'What went well' }).fill('The rollback took a minute.');
  await responder.getByRole('button', { name: 'Save' }).click();
  await expect(responder).toHaveURL(new RegExp(`${address}$`));
  await expect(
    responder.getByRole('region', { name: 'Root cause', exact: true }).locator('strong'),
  ).toHaveText('no limit');

  // The other is told, keeps what was typed, and gets what was written elsewhere.
  await commander.getByRole('textbox', { name: 'Root cause' }).fill('Memory ran out.');
  await commander.getByRole('textbox', { name: 'Where we were lucky' }).fill('It was night.');
  await commander.getByRole('button', { name: 'Preview' }).click();
  await expect(commander.getByRole('region', { name: 'Preview of Root cause' })).toContainText('Memory ran');
  // What happens elsewhere meanwhile leaves what is typed alone.
  const isRead = (url: URL) => url.pathname === `${address}/edit.data`;
  const read = commander.waitForResponse((response) => isRead(new URL(response.url())));
  const elsewhere = await declareIncident(drill.as('responder'), { title: 'Meanwhile', level: '4' });
  await read;
  await expect(commander.getByRole('textbox', { name: 'Root cause' })).toHaveValue('Memory ran out.');
  await resolveIncident(drill.as('responder'), elsewhere);
  await commander.getByRole('button', { name: 'Save' }).click();
  await expect(commander.getByRole('alert')).toContainText(
    'has changed this post-mortem since you opened it',
  );
  await expect(commander.getByRole('textbox', { name: 'Root cause' })).toHaveValue('Memory ran out.');
  await expect(commander.getByRole('textbox', { name: 'Where we were lucky' })).toHaveValue('It was night.');
  await expect(commander.getByRole('textbox', { name: 'What went well' })).toHaveValue(
    'The rollback took a minute.',
  );
  await expect(commander.getByText('The cache had **no limit**.')).toBeVisible();
  await commander
    .getByRole('textbox', { name: 'Root cause' })
    .fill('The cache had **no limit**, so memory ran out.');
  await commander.getByRole('button', { name: 'Save' }).click();
  await expect(commander.getByRole('region', { name: 'Root cause', exact: true })).toContainText(
    'so memory ran out',
  );
  const texts = await query<{ text: string }>(
    `SELECT r.sections->>'rootCause' AS text FROM postmortem_revision r JOIN postmortem p ON p.id = r.postmortem_id
     JOIN incident i ON i.id = p.incident_id WHERE i.number = $1 ORDER BY r.number`,
    [number],
  );
  expect(texts.map(({ text }) => text)).toEqual([
    '',
    'The cache had **no limit**.',
    'The cache had **no limit**, so memory ran out.',
  ]);

  // Review, approval by somebody who did not write it alone, publication.
  await visit(responder, address);
  await responder.getByRole('button', { name: 'Submit for review' }).click();
  await expect(responder.getByRole('region', { name: 'It waits for a review' })).toBeVisible();
  await expect(responder.getByRole('button', { name: 'Approve' })).toHaveAttribute('aria-disabled', 'true');
  await visit(commander, `/postmortems?view=review&search=INC-${number}`);
  await commander.getByRole('link', { name: `INC-${number} Nobody could pay` }).click();
  await commander.getByRole('button', { name: 'Approve' }).click();
  await expect(commander.getByRole('region', { name: 'It is approved' })).toBeVisible();
  // What is approved is taken back by nobody who only writes.
  await visit(responder, address);
  await responder.getByText('Take it back to a draft').click();
  await expect(responder.getByRole('button', { name: /^Take it back/ })).toHaveAttribute(
    'aria-disabled',
    'true',
  );
  await commander.getByRole('button', { name: 'Publish' }).click();
  await expect(commander.getByRole('region', { name: 'It is published' })).toBeVisible();
  await expect(commander.getByRole('link', { name: 'Write' })).toHaveCount(0);
  const told = await query<{ kind: string }>(
    'SELECT kind FROM notification WHERE link = $1 ORDER BY created_at',
    [address],
  );
  expect(told.map(({ kind }) => kind)).toEqual([
    'postmortem.created',
    'postmortem.review',
    'postmortem.published',
  ]);

  // What is to be done, and the board.
  const items = commander.getByRole('region', { name: 'Action items' });
  const due = items.getByLabel('Due', { exact: true });
  const inTwoWeeks = new Date(Date.now() + 14 * 86_400_000).toISOString().slice(0, 10);
  await expect(due).toHaveValue(inTwoWeeks);
  const yesterday = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10);
  await items.getByLabel('What is to be done').fill('Give the cache a limit');
  await due.fill(yesterday);
  await items.getByRole('button', { name: 'Add an action item' }).click();
  await expect(items.getByRole('listitem')).toContainText(`due ${yesterday}`);
  // The worker reminds of it by itself, though the incident is over and the post-mortem published.
  await expect
    .poll(
      async () =>
        (
          await query<{ kind: string }>(
            `SELECT kind FROM notification WHERE link = $1 AND kind LIKE 'action-item.%'`,
            [address],
          )
        ).length,
      { timeout: 90_000, intervals: [1_000] },
    )
    .toBe(1);
  await commander.getByRole('link', { name: 'Action items' }).first().click();
  const overdue = commander.getByRole('region', { name: 'Overdue' });
  const item = overdue.getByRole('listitem').filter({ hasText: `INC-${number}` });
  await expect(item).toContainText('Give the cache a limit');
  await item.getByRole('button', { name: /^Done.*Give the cache a limit$/ }).click();
  await expect(overdue).not.toContainText(`INC-${number}`);
  await expect(commander.getByRole('region', { name: 'Done or cancelled' })).toContainText(`INC-${number}`);

  // The whole as a file.
  const file = await commander.request.get(`${address}.md`);
  expect(file.headers()['content-type']).toContain('text/markdown');
  const markdown = await file.text();
  expect(markdown).toContain(`# Post-mortem of INC-${number}: Nobody could pay for an hour`);
  expect(markdown).toContain('- [x] Give the cache a limit');
  expect(markdown).toContain('Resolved. Rolled back by hand');
});

test('without JavaScript a post-mortem is previewed and saved', async ({ open, allowProblems }) => {
  // Until the worker has begun it.
  allowProblems(answered(404));
  const page = await open('responder', { javaScriptEnabled: false });
  await page.goto('/postmortems');
  const number = await resolvedIncident(page, 'The search was slow');
  await expect(async () => {
    await page.goto(`/postmortems/${number}/edit`);
    await expect(page.getByRole('textbox', { name: 'Root cause' })).toBeVisible({ timeout: 500 });
  }).toPass({ timeout: 30_000 });
  await page.getByRole('textbox', { name: 'Root cause' }).fill('- one\n- two');
  await page.getByRole('button', { name: 'Preview' }).click();
  await expect(page.getByRole('region', { name: 'Preview of Root cause' }).getByRole('listitem')).toHaveText([
    'one',
    'two',
  ]);
  await expect(page.getByRole('textbox', { name: 'Root cause' })).toHaveValue('- one\n- two');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(
    page.getByRole('region', { name: 'Root cause', exact: true }).getByRole('listitem'),
  ).toHaveText(['one', 'two']);
});

test('what is published stays published while another text is written', async ({ open }) => {
  const writer = await open('responder');
  await visit(writer, '/postmortems');
  const number = await resolvedIncident(writer, 'Published and mended');
  const address = `/postmortems/${number}`;
  await expect
    .poll(async () => (await writer.request.get(`/api/v1${address}`)).status(), { timeout: 30_000 })
    .toBe(200);
  const send = async (method: string, path: string, data: Record<string, unknown>) => {
    const headers = { Origin: new URL(writer.url()).origin };
    const answer = await writer.request.fetch(`/api/v1${address}${path}`, { method, data, headers });
    expect(answer.ok(), await answer.text()).toBe(true);
  };
  await send('PATCH', '', { version: 1, rootCause: 'The first text' });
  await send('POST', '/submit', { version: 2 });
  const commander = await open('commander');
  await visit(commander, address);
  await commander.getByRole('button', { name: 'Approve' }).click();
  await commander.getByRole('button', { name: 'Publish' }).click();
  await expect(commander.getByRole('region', { name: 'It is published' })).toBeVisible();
  await commander.getByText('Take it back to a draft').click();
  await expect(commander.getByText('Revision 2 stays published until then.')).toBeVisible();
  await commander.getByRole('textbox', { name: 'Why' }).fill('A date is wrong');
  await commander.getByRole('button', { name: 'Take it back', exact: true }).click();
  await expect(commander.getByRole('region', { name: 'It is a draft' })).toBeVisible();
  await send('PATCH', '', { version: 6, rootCause: 'The second text' });
  await visit(commander, address);
  await expect(commander.getByRole('main')).toContainText('Revision 2 is published');
  await expect(commander.getByRole('region', { name: 'Root cause', exact: true })).toContainText('second');
  await commander.getByRole('link', { name: 'See the published one' }).click();
  await expect(commander.getByRole('region', { name: 'Root cause', exact: true })).toContainText('first');
});

test('what is typed into an action item stays while others change it, and the conflict is told', async ({
  open,
  drill,
  allowProblems,
}) => {
  allowProblems(answered(409));
  const page = await open('responder');
  await visit(page, '/postmortems');
  const number = await resolvedIncident(page, 'Two change an item');
  const address = `/postmortems/${number}`;
  await expect
    .poll(async () => (await page.request.get(`/api/v1${address}`)).status(), { timeout: 30_000 })
    .toBe(200);
  const headers = { Origin: new URL(page.url()).origin };
  const add = async (title: string): Promise<string> => {
    const made = await page.request.post(`/api/v1${address}/action-items`, { data: { title }, headers });
    return ((await made.json()) as { id: string }).id;
  };
  const [contended, other] = [await add(`Contended ${number}`), await add(`Beside ${number}`)];
  for (const at of [address, '/action-items?owner=me']) {
    const mine = `Typed at ${at}`;
    const [state] = await query<{ version: number; title: string }>(
      'SELECT version, title FROM action_item WHERE id = $1',
      [contended],
    );
    await visit(page, at);
    const item = page.locator(`#item-${contended}`);
    await item.getByText('Change').click();
    const title = item.getByLabel('What is to be done');
    await title.fill(mine);
    // Somebody else puts it off: it is another version, and on the board in another column.
    const dueOn = at === address ? '2099-01-01' : new Date().toISOString().slice(0, 10);
    const change = (itemId: string, form: Record<string, string>) =>
      drill.as('commander').post(address, { intent: 'change', itemId, ...form });
    expect((await change(contended, { version: String(state?.version), dueOn })).status).toBe(303);
    // What is read anew, because of something else on the page, leaves it alone.
    const read = page.waitForResponse((response) => new URL(response.url()).pathname.endsWith('.data'));
    const elsewhere = await declareIncident(drill.as('responder'), { title: 'Meanwhile', level: '4' });
    await read;
    await expect(title).toHaveValue(mine);
    await resolveIncident(drill.as('responder'), elsewhere);
    // So does what is sent for another item.
    const beside = page.locator(`#item-${other}`);
    if (at === address) {
      await beside.getByRole('button', { name: /^Done/ }).click();
      await expect(beside).toContainText('Done');
      await expect(beside.getByRole('button', { name: /^Done/ })).toHaveCount(0);
    }
    await expect(title).toHaveValue(mine);
    await item.getByRole('button', { name: 'Save' }).click();
    await expect(page.getByRole('alert')).toContainText(`Somebody has changed "${state?.title}"`);
    await expect(title).toHaveValue(mine);
    await item.getByRole('button', { name: 'Save' }).click();
    await expect(item.getByText(mine, { exact: true })).toBeVisible();
  }
});
