import type { Page } from '@playwright/test';
import { openRunId, runStatus, visit } from './support/page';
import { expect, test } from './support/test';

/** Asks for a deploy by its page. @returns the run's id, with its page open */
async function ask(page: Page, tag: string, reason: string): Promise<string> {
  await visit(page, `/guarded/preview/deployments/new?tag=${tag}`);
  await expect(page.getByText('A second person must approve it')).toBeVisible();
  await page.getByLabel('Reason').fill(reason);
  await page.getByRole('button', { name: `Ask to deploy ${tag} to preview` }).click();
  return openRunId(page);
}

const decision = (page: Page) => page.getByRole('region', { name: 'Decision' });

test('who asks cannot approve; a second person sees the plan, approves it, and it runs', async ({
  open,
  guarded,
}) => {
  await guarded.prepare({ live: 'v1.2.0' });
  const requester = await open('responder');
  const id = await ask(requester, 'v1.3.0', 'New thyme teas');
  await expect(runStatus(requester)).toHaveText('Awaiting approval');
  await expect(decision(requester)).toContainText('Awaits a second person');
  await expect(decision(requester)).toContainText(
    'You asked for it yourself: somebody else must approve it.',
  );
  await expect(decision(requester).getByRole('button', { name: /^Approve/ })).toHaveCount(0);
  await visit(requester, '/approvals');
  const waiting = requester.getByRole('region', { name: 'Waiting' });
  await expect(waiting).toContainText('You asked for it yourself');
  await expect(waiting.getByRole('button', { name: /^Approve/ })).toHaveCount(0);
  expect((await guarded.run(id)).status).toBe('awaiting_approval');
  await visit(requester, `/runs/${id}`);

  const second = await open('commander');
  await visit(second, '/');
  const navigation = second.getByRole('navigation', { name: 'Main' });
  await navigation.getByRole('link', { name: /^Approvals.*1 for you to decide$/ }).click();
  const row = second.getByRole('region', { name: 'Waiting' }).getByRole('listitem');
  await expect(row).toContainText('Rémy Laurent asked for it');
  await expect(row).toContainText('New thyme teas');
  await expect(row.getByRole('timer')).toHaveText(/^1\d:\d\d left$/);
  await row.getByRole('link', { name: 'Look at the plan' }).click();
  await expect(second.getByRole('region', { name: 'The plan to be approved' })).toContainText('Health gate');
  await expect(decision(second)).toContainText('v1.2.0');
  await decision(second).getByLabel('Reason').fill('Looked at the diff');
  await decision(second).getByRole('button', { name: 'Approve: deploy v1.3.0 to preview' }).click();
  // The requester's page hears of it by itself.
  for (const page of [second, requester]) {
    await expect(page.getByText(/^Approved by Camille Roux/)).toBeVisible();
    await expect(page.getByText('Looked at the diff')).toBeVisible();
    await expect(runStatus(page)).toHaveText('Succeeded', { timeout: 60_000 });
  }
  expect(await guarded.served()).toBe('v1.3.0');
  await visit(second, '/approvals?state=decided');
  await expect(second.getByRole('row', { name: /Deploy v1\.3\.0 to preview/ }).first()).toContainText(
    'Approved by Camille Roux',
  );
});

test('a refusal needs its reason, and everybody reads it', async ({ open, guarded }) => {
  await guarded.prepare({ live: 'v1.2.0' });
  const requester = await open('responder');
  const id = await ask(requester, 'v1.1.0', 'Is the old checkout faster?');
  const second = await open('commander');
  await visit(second, '/approvals?state=open');
  const row = second.getByRole('region', { name: 'Waiting' }).getByRole('listitem');
  await row.getByText('Refuse it').click();
  await row.getByRole('button', { name: /^Refuse run #/ }).click();
  // The browser asks for the reason; nothing was sent.
  await expect(second).toHaveURL('/approvals?state=open');
  expect((await guarded.run(id)).status).toBe('awaiting_approval');
  await row.getByLabel('Why not').fill('Measure it in staging first');
  await row.getByRole('button', { name: /^Refuse run #/ }).click();
  for (const page of [second, requester]) {
    await expect(page.getByText(/^Refused by Camille Roux/)).toBeVisible();
    await expect(page.getByText('Measure it in staging first')).toBeVisible();
    await expect(runStatus(page)).toHaveText('Cancelled');
  }
  expect((await guarded.live())?.tag).toBe('v1.2.0');
});

test('the requester withdraws; what nobody answers in time can no longer be approved', async ({
  open,
  guarded,
}) => {
  await guarded.prepare({ live: 'v1.2.0' });
  const page = await open('responder');
  await ask(page, 'v1.3.0', 'One');
  await page.getByText('Withdraw it').click();
  await page.getByLabel('Why').fill('The wrong release');
  await page.getByRole('button', { name: /^Withdraw run #/ }).click();
  await expect(runStatus(page)).toHaveText('Cancelled');
  await expect(page.getByText('Rémy Laurent: The wrong release')).toBeVisible();

  const id = await ask(page, 'v1.3.0', 'Two');
  const second = await open('commander');
  await second.clock.install();
  await visit(second, `/runs/${id}`);
  const approve = decision(second).getByRole('button', { name: /^Approve/ });
  await expect(decision(second).getByRole('timer')).toHaveText(/^1\d:\d\d left$/);
  await expect(approve).not.toHaveAttribute('aria-disabled', 'true');
  await second.clock.fastForward('20:01');
  await expect(decision(second).getByRole('timer')).toHaveText('time is over');
  await expect(approve).toHaveAttribute('aria-disabled', 'true');
  await expect(decision(second)).toContainText('The time to approve it is over.');
});
