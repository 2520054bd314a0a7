import { query } from './support/database';
import { openRunId, runStatus, visit } from './support/page';
import { hiddenField } from './support/person';
import { answered, expect, test } from './support/test';

const REASON = 'Black Friday evening';

test('a freeze refuses deploys with its reason, lets an override and a rollback through, and is ended', async ({
  open,
  drill,
}) => {
  await drill.prepare({ live: 'v1.3.0', before: 'v1.2.0' });
  const commander = await open('commander');
  await visit(commander, '/freezes');
  await commander.getByRole('link', { name: 'Declare a freeze' }).click();
  await commander.getByRole('link', { name: 'The next 4 hours' }).click();
  await expect(commander.getByLabel('Until', { exact: true })).not.toHaveValue('');
  await expect(commander.getByRole('region', { name: 'It would apply' })).toContainText('at once');
  await commander.getByLabel('Why nothing may be deployed').fill(REASON);
  await commander.getByLabel('Service', { exact: true }).selectOption('drill');
  await commander.getByLabel('Environment', { exact: true }).selectOption('staging');
  await commander.getByRole('button', { name: 'Declare the freeze' }).click();
  await expect(commander.getByRole('region', { name: 'Active now' })).toContainText(REASON);
  await expect(commander.getByText('drill / staging is frozen for deploys:')).toBeVisible();

  const responder = await open('responder');
  const plan = '/drill/staging/deployments/new?tag=v1.2.0';
  await visit(responder, plan);
  await expect(responder.getByText(`Deploys are frozen: ${REASON}`)).toBeVisible();
  const blocked = responder.getByRole('button', { name: /^Deploy v1\.2\.0 to staging/ });
  await expect(blocked).toHaveAttribute('aria-disabled', 'true');
  await expect(responder.getByLabel('Why it cannot wait')).toHaveCount(0);
  const runs = (await drill.runs()).length;
  // Past the button, the command refuses it too.
  const { text } = await drill.as('responder').get(plan);
  const refused = await drill
    .as('responder')
    .post(plan, { intent: 'deploy', tag: 'v1.2.0', planHash: hiddenField(text, 'planHash') });
  expect(refused.status).toBe(423);
  expect(refused.text).toContain(REASON);
  expect((await drill.runs()).length).toBe(runs);

  await visit(commander, plan);
  await commander.getByLabel('Why it cannot wait').fill('Card payments fail since noon');
  await commander.getByRole('button', { name: 'Deploy v1.2.0 to staging in spite of the freeze' }).click();
  const id = await openRunId(commander);
  await expect(runStatus(commander)).toHaveText('Succeeded', { timeout: 60_000 });
  const [entry] = await query<{ reason: string; actor: string }>(
    `SELECT reason, actor_name AS actor FROM audit_entry WHERE action = 'deployments.freeze.overridden' AND run_id = $1`,
    [id],
  );
  expect(entry).toEqual({ reason: 'Card payments fail since noon', actor: 'Camille Roux' });

  await visit(responder, '/drill/staging/rollback');
  await expect(responder.getByText('The freeze does not hold a rollback back')).toBeVisible();
  await responder.getByRole('button', { name: /^Roll back to / }).click();
  await openRunId(responder);
  await expect(runStatus(responder)).toHaveText('Succeeded', { timeout: 60_000 });

  await visit(commander, '/freezes');
  const active = commander.getByRole('region', { name: 'Active now' });
  await active.getByText('End it now').click();
  await active.getByLabel('Why it may end').fill('The evening is over');
  await active.getByRole('button', { name: 'End the freeze' }).click();
  await expect(active).toContainText('Nothing is frozen');
  await expect(commander.getByRole('region', { name: 'Past' })).toContainText(
    /Ended by Camille Roux, just now: The evening is over/,
  );
  await expect(commander.getByText('is frozen for deploys:')).toHaveCount(0);
});

test('times of a pattern show as they are typed, by the clocks of the zone that is chosen', async ({
  open,
  drill,
  allowProblems,
}) => {
  allowProblems(answered(422));
  await drill.prepare({});
  const page = await open('commander', { timezoneId: 'Europe/Paris' });
  await visit(page, '/freezes/new');
  await page.getByRole('link', { name: 'Every night' }).click();
  const preview = page.getByRole('region', { name: 'It would apply' });
  await expect(preview.getByRole('listitem')).toHaveCount(5);
  await page.getByRole('button', { name: 'Yours: Europe/Paris' }).click();
  await expect(preview).toContainText('Europe/Paris');
  await expect(preview.getByRole('listitem').last()).toContainText(/22:00 – \w{3} \d{4}-\d\d-\d\d 06:00/);
  await page.getByLabel('Begins at').fill('61 * * * *');
  await expect(preview).toContainText('Write five fields');
  await page.getByLabel('Why nothing may be deployed').fill('Nights');
  await page.getByRole('button', { name: 'Declare the freeze' }).click();
  await expect(page.getByRole('alert')).toContainText('Nothing was changed.');
  await expect(page.getByLabel('Why nothing may be deployed')).toHaveValue('Nights');
  expect(await query('SELECT 1 FROM freeze_window WHERE reason = $1', ['Nights'])).toEqual([]);
});

test('who may only look sees the freezes and can change none', async ({ open, drill }) => {
  await drill.prepare({});
  const page = await open('viewer');
  await visit(page, '/freezes');
  await expect(page.getByRole('button', { name: /^Declare a freeze/ })).toHaveAttribute(
    'aria-disabled',
    'true',
  );
  const answer = await drill.as('viewer').post('/freezes/new', { intent: 'create', reason: 'Because I can' });
  expect(answer.status).toBe(403);
});
