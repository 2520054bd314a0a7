import { query } from './support/database';
import { visit } from './support/page';
import { answered, expect, test } from './support/test';

test('people say by which handle Slack rings them, an admin says it of others, and pages say whether it rings', async ({
  open,
  allowProblems,
}) => {
  allowProblems(answered(400));
  allowProblems(answered(422));
  const page = await open('manager');
  await visit(page, '/settings/account');
  const slack = page.getByRole('region', { name: 'Slack' });
  const field = slack.getByLabel('Slack handle');
  await field.fill('two words');
  await slack.getByRole('button', { name: 'Save the handle' }).click();
  await expect(slack).toContainText('Enter a handle, like @rosa');
  await expect(field).toHaveValue('two words');
  await field.fill('@Mira.L');
  await slack.getByRole('button', { name: 'Save the handle' }).click();
  await expect(field).toHaveValue('mira.l');
  await expect(slack).toContainText('@mira.l rings nobody yet: an admin gives it a Slack id under Channels.');

  const admin = await open('admin');
  await visit(admin, '/settings/channels');
  const handles = admin.locator('#mentions');
  await handles.getByLabel('New handle').fill('@mira.l');
  await handles.getByLabel('Its Slack id').fill('U0MIRA');
  await handles.getByRole('button', { name: 'Add', exact: true }).click();
  await expect(handles).toContainText('@mira.l');
  await visit(page, '/settings/account');
  await expect(slack).toContainText('@mira.l rings U0MIRA.');

  const [manager] = await query<{ id: string }>(
    `SELECT id FROM app_user WHERE slack_handle = 'mira.l' AND role = 'manager'`,
  );
  await visit(admin, `/settings/people/${manager?.id}`);
  const theirs = admin.getByRole('region', { name: 'Slack' });
  await expect(theirs.getByLabel('Slack handle')).toHaveValue('mira.l');
  await theirs.getByLabel('Slack handle').fill('');
  await theirs.getByRole('button', { name: 'Save the handle' }).click();
  await expect(theirs).toContainText('ring nobody');
  await visit(page, '/settings/account');
  await expect(field).toHaveValue('');
});
