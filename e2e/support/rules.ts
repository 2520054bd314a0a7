import { expect, type Page } from '@playwright/test';
import { visit } from './page';

/** Adds a rule of `guarded/preview` by the form: more than 20 % of the requests fail for `forSeconds`, then it is rolled back. */
export async function addErrorRule(
  page: Page,
  { key, title, forSeconds }: { key: string; title: string; forSeconds: number },
): Promise<void> {
  await visit(page, '/alerts/rules/new?kind=ratio');
  await page.getByLabel('Title').fill(title);
  await page.getByLabel('Key').fill(key);
  await page.getByLabel('Where').selectOption('guarded/preview');
  await page.getByLabel('Metric', { exact: true }).fill('http_requests_total');
  await page.getByLabel('Labels (optional)').first().fill('status=5xx');
  await page.getByLabel('Of the metric').fill('http_requests_total');
  await page.getByLabel('Over, seconds').fill('5');
  await page.getByLabel('The limit').fill('20');
  await page.getByLabel('For, seconds').fill(String(forSeconds));
  await page.getByLabel('Requests at least').fill('20');
  await page.getByLabel('Look every, seconds').fill('1');
  await page.getByLabel('Severity').selectOption('critical');
  await page.getByLabel('Channel').selectOption('CRITICAL');
  await page.getByLabel('Action', { exact: true }).selectOption('rollback');
  await page.getByRole('button', { name: 'Preview' }).click();
  await expect(page.getByRole('region', { name: /Would .*have fired.* in the last 7 days/ })).toBeVisible();
  await page.getByRole('button', { name: 'Add the rule' }).click();
  await expect(page).toHaveURL(new RegExp(`/alerts/rules/${key}$`));
}

/** Switches a rule off by the form, so that it sees no other test's faults. */
export async function switchRuleOff(page: Page, key: string): Promise<void> {
  await visit(page, `/alerts/rules/${key}`);
  await page.getByText('Switch it off').click();
  await page.getByLabel('Why it is not needed').fill('The story is over');
  await page.getByRole('button', { name: 'Switch off' }).click();
  await expect(page.getByText('This rule is switched off')).toBeVisible();
}
