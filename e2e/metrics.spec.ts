import { setTimeout as delay } from 'node:timers/promises';
import { injectFaults } from './support/faults';
import { expectNoSideScroll, visit } from './support/page';
import { answered, expect, test } from './support/test';
import { sendVisitors } from './support/visitors';

const CHARTS = ['Error rate', 'Response time', 'Requests', 'Payment failures'];

test('the overview says how the shop is in figures and curves, and leads to where they come from', async ({
  open,
  guarded: shop,
}) => {
  await shop.prepare({ live: 'v1.2.0' });
  await injectFaults(shop);
  const visitors = sendVisitors(shop.shopUrl);
  try {
    const page = await open('viewer');
    await visit(page, '/');
    const panel = page.getByRole('region', { name: /Guarded shop.*Preview/ });
    const tiles = panel.getByRole('list', { name: 'Key figures' });
    const tile = (name: string) => tiles.getByRole('listitem').filter({ hasText: name });
    await expect(tile('Health')).toContainText(/\d of \d checks? well/);
    // It follows by itself: what visitors do now is there within a few looks.
    await expect(tile('Requests')).toContainText(/\d\/s/, { timeout: 30_000 });
    // What a story before has broken is in the last minute for that long.
    await expect(tile('Error rate')).toContainText(/0 %.*within 2 %/, { timeout: 75_000 });
    await expect(tile('Payment failures')).toContainText('no payments in the last minute');
    await expect(
      panel.getByRole('region', { name: 'Requests, last hour' }).locator('svg').first(),
    ).toBeVisible();

    await injectFaults(shop, { errorRate: 0.6 });
    await expect(tile('Error rate')).toContainText('past the limit of', { timeout: 40_000 });
    await injectFaults(shop);
    await tile('Error rate').getByRole('link').click();
    await expect(page).toHaveURL(/\/guarded\/preview\/metrics#errors$/);
  } finally {
    await injectFaults(shop);
    await visitors.stop();
  }
});

test('the metrics of an environment: curves with words, marks of what happened, a table and a download', async ({
  open,
  guarded: shop,
}) => {
  await shop.prepare({ live: 'v1.2.0' });
  const visitors = sendVisitors(shop.shopUrl);
  try {
    await delay(5_000);
    const page = await open('viewer');
    await visit(page, '/guarded/preview/metrics');
    for (const name of CHARTS) await expect(page.getByRole('region', { name })).toBeVisible();
    const requests = page.getByRole('region', { name: 'Requests' });
    await expect(requests.getByRole('figure')).toContainText(/low .* average .* high .* last/);
    // The crosshair says the moment in UTC, by mouse and by keys.
    const plot = requests.locator('.recharts-surface').first();
    await page.mouse.move(1, 1);
    await expect(plot).toBeVisible();
    const box = await plot.boundingBox();
    if (!box) throw new Error('The plot has no place');
    await page.mouse.move(box.x + box.width - 20, box.y + box.height / 2);
    await expect(requests.locator('.recharts-tooltip-wrapper')).toContainText(/\d\d:\d\d UTC/);
    await requests.getByText('As a table').click();
    await expect(requests.getByRole('table')).toContainText('/s');
    const happened = page.getByRole('region', { name: 'What happened' });
    await expect(happened.getByRole('link', { name: 'v1.2.0' }).first()).toBeVisible();

    await page.getByRole('link', { name: '24 hours' }).click();
    await expect(page).toHaveURL(/\?window=24h$/);
    await expect(page.getByText('ten minutes at a time')).toBeVisible();
    const csv = await shop.as('viewer').get('/guarded/preview/metrics.csv?window=1h');
    const lines = csv.text.trim().split('\r\n');
    expect(lines[0]).toContain('from (UTC),errors (%),p95 (ms),p50 (ms),requests (1/s),failed payments (%)');
    expect(lines.length).toBeGreaterThanOrEqual(60);
    // Some minute has all figures but that of payments, which nobody made.
    expect(lines.slice(1)).toContainEqual(expect.stringMatching(/Z(,\d[\d.]*){4},$/));
  } finally {
    await visitors.stop();
  }
});

test('on a phone the figures and curves fit, and nothing moves while they come', async ({
  open,
  guarded: shop,
}) => {
  await shop.prepare({ live: 'v1.2.0' });
  const page = await open('viewer', { viewport: { width: 375, height: 812 }, hasTouch: true });
  for (const address of ['/', '/guarded/preview/metrics']) {
    await page.addInitScript(() => {
      const seen = window as unknown as { moved: number };
      seen.moved = 0;
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) {
          const { value, hadRecentInput } = entry as PerformanceEntry & {
            value: number;
            hadRecentInput: boolean;
          };
          if (!hadRecentInput) seen.moved += value;
        }
      }).observe({ type: 'layout-shift', buffered: true });
    });
    await visit(page, address);
    await page.mouse.move(1, 1);
    await expect(page.locator('.recharts-surface').first()).toBeVisible();
    await expectNoSideScroll(page);
    expect(await page.evaluate(() => (window as unknown as { moved: number }).moved)).toBeLessThanOrEqual(
      0.02,
    );
  }
  const choice = page.getByRole('link', { name: '6 hours' });
  expect((await choice.boundingBox())?.height).toBeGreaterThanOrEqual(44);
});

test('curves that cannot be read leave the overview as it is, and come when they can', async ({
  open,
  guarded: shop,
  allowProblems,
}) => {
  allowProblems(answered(500));
  await shop.prepare({ live: 'v1.2.0' });
  const page = await open('viewer');
  await page.route('**/metrics.json', (route) => route.fulfill({ status: 500, body: 'out of order' }));
  await visit(page, '/');
  const panel = page.getByRole('region', { name: /Guarded shop.*Preview/ });
  const curve = panel.getByRole('region', { name: 'Requests, last hour' });
  await expect(curve).toContainText('The console did not answer');
  await expect(panel.getByRole('list', { name: 'Key figures' })).toBeVisible();
  await page.unroute('**/metrics.json');
  await expect(curve.locator('svg').first()).toBeVisible({ timeout: 30_000 });
});
