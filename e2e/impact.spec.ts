import { expectAccessible } from './support/axe';
import { queryShop } from './support/database';
import { resolveIncident } from './support/incidents';
import { visit } from './support/page';
import { answered, expect, test } from './support/test';

const MINUTE_MS = 60_000;
const WEEK_MS = 7 * 86_400_000;

async function visitAt(schema: string, at: number): Promise<void> {
  await queryShop(
    `INSERT INTO ${schema}.visit (visitor, path, release, at) VALUES ('e2e', '/', 'v1.2.0', $1)`,
    [new Date(at)],
  );
}

/** Orders of so many cents, ten minutes into the same hour of each week before, and a visit then and some hours before each. */
async function weeksBefore(schema: string, startedAt: Date, totals: number[]): Promise<void> {
  await visitAt(schema, startedAt.getTime() - 600 * MINUTE_MS);
  for (const [index, total] of totals.entries()) {
    const at = startedAt.getTime() - (index + 1) * WEEK_MS;
    await queryShop(
      `INSERT INTO ${schema}.customer_order (id, email, contact_name, address, delivery_cents, total_cents, release, placed_at)
       VALUES ($1, 'camille@example.org', 'Camille', 'Rue 1', 0, $2, 'v1.2.0', $3)`,
      [`E2E${startedAt.getTime()}${index}`, total, new Date(at + 10 * MINUTE_MS)],
    );
    await visitAt(schema, at - 600 * MINUTE_MS);
    await visitAt(schema, at + 10 * MINUTE_MS);
  }
}

test('what an incident cost is reckoned from the shop’s own orders at its end, and said otherwise with a reason', async ({
  open,
  drill,
  allowProblems,
}) => {
  allowProblems(answered(400));
  await drill.prepare({});
  const startedAt = new Date(Date.now() - 60 * MINUTE_MS);
  await weeksBefore('staging', startedAt, [52_000, 40_001, 45_000]);
  const page = await open('responder');
  await visit(page, '/incidents');
  const declared = await page.request.post('/api/v1/incidents', {
    data: {
      title: 'Nobody can pay',
      level: 2,
      service: 'drill',
      environment: 'staging',
      startedAt: startedAt.toISOString(),
    },
    headers: { Origin: new URL(page.url()).origin },
  });
  const { number } = (await declared.json()) as { number: number };
  await visit(page, `/incidents/${number}`);
  const impact = page.getByRole('region', { name: 'Impact' });
  await expect(impact).toContainText('It is estimated at the end');

  await resolveIncident(drill.as('responder'), number);
  // It comes by itself, and the timeline tells of it.
  await expect(impact).toContainText('€400.01 to €520.00', { timeout: 40_000 });
  await expect(impact).toContainText('Estimated by the console');
  const timeline = page.getByRole('region', { name: 'Timeline', exact: true });
  await expect(timeline).toContainText('Lost revenue: €400.01 to €520.00', { timeout: 40_000 });
  await impact.getByText('How it was reckoned').click();
  await expect(impact.getByRole('row').filter({ hasText: '2 weeks before' })).toContainText('€400.01');
  await expect(impact.getByRole('row').filter({ hasText: '4 weeks before' })).toContainText(
    'Left out. Nothing was recorded around it.',
  );

  await impact.getByText('Say otherwise').click();
  await test.step('with all its forms', () => expectAccessible(page, 'what an incident cost'));
  await impact.getByLabel('Lost, at least').fill('410');
  await impact.getByLabel('Lost, at most').fill('400');
  await impact.getByLabel('How you know').fill('Counted with the bank');
  await impact.getByRole('button', { name: 'Say so' }).click();
  await expect(impact).toContainText('The most is less than the least.');
  await expect(impact.getByLabel('How you know')).toHaveValue('Counted with the bank');
  await impact.getByLabel('Lost, at most').fill('412,50');
  await impact.getByRole('button', { name: 'Say so' }).click();
  await expect(impact).toContainText('€410.00 to €412.50');
  await expect(impact).toContainText('Rémy Laurent said so');
  await expect(impact).toContainText('Counted with the bank');

  // A post-mortem that nobody has written in says it as well.
  await expect(async () => {
    await visit(page, `/postmortems/${number}`);
    await expect(page.getByRole('region', { name: 'Impact' })).toContainText(
      'Lost revenue: €410.00 to €412.50',
      {
        timeout: 500,
      },
    );
  }).toPass({ timeout: 40_000 });
  const csv = await drill.as('viewer').get(`/incidents.csv?search=INC-${number}`);
  expect(csv.text).toContain(',410.00,412.50,EUR,');
});
