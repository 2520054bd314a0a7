import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ServerBuild } from '@remix-run/node';
import { launch } from 'chrome-launcher';
import lighthouse, { desktopConfig, type Result } from 'lighthouse';
import { PLACE, PRACTICE, startBenchConsole } from '#server/cli/bench/bench-console';
import { allowControl } from '#server/cli/bench/faults';
import { fill, SOME } from '#server/cli/bench/fill';
import { closeOnInterrupt } from '#server/cli/bench/interrupt';
import { findBrowser } from '#server/platform/browser';
import { messageOf } from '#server/platform/errors';
import { PROJECT_ROOT } from '#server/platform/project-root';

/** What every page must reach on a desktop: two scores out of 100 and the cumulative layout shift. */
const LEAST = { performance: 95, accessibility: 100 };
const MOST_SHIFT = 0.02;
const VISITS_BEFORE = 10;

/** Pages that need what nobody signed in has: a one-time link, or no session. */
const WITHOUT_SESSION = ['auth/login.route'];
/** Where a page's parameters are not those of the others. */
const OF_ONE_PAGE: Record<string, Record<string, string>> = {
  'deployments/new-drill.route': { environment: PRACTICE },
  'maintenance/emergency.route': { command: 'clear-cache' },
  'incidents/playbook.route': { level: '1' },
};
/** What an address says beside its path, where it must. */
const SEARCH: Record<string, string> = { 'deployments/mark-release.route': '?tag=v1.1.0&verdict=stable' };
const SKIPPED = ['auth/setup.route', 'auth/join.route', 'http/not-found.route'];

interface Measured {
  page: string;
  performance: number;
  accessibility: number;
  shift: number;
  faults: string[];
}

/**
 * `npm run bench -- lighthouse [text…]`: Lighthouse with its desktop settings on every page (or those whose address has
 * one of the texts), signed in as an admin, with rows to show on each. The worst performance score counts.
 */
export async function bench(only: string[]): Promise<number> {
  const browser = await findBrowser();
  if (!browser) throw new Error('There is no browser to measure with: install Chromium or set CHROME_PATH.');
  // Pages that switch the shop are there where it can be switched.
  allowControl();
  const console_ = await startBenchConsole((environment) => {
    environment.checklist = [];
  }, 'with practice');
  const chrome = await launch({
    chromePath: browser.path,
    chromeFlags: ['--headless=new', ...browser.args],
    logLevel: 'silent',
    handleSIGINT: false,
  });
  const closeChrome = closeOnInterrupt(async () => chrome.kill());
  try {
    const cookie = await console_.signIn('admin');
    const rows = await fill(console_.ownerUrl, SOME);
    const results: Measured[] = [];
    for (const { id, address } of await pageAddresses({ ...rows })) {
      if (only.length > 0 && !only.some((text) => isMeant(address, text))) continue;
      const headers: Record<string, string> = WITHOUT_SESSION.includes(id) ? {} : { Cookie: cookie };
      // The server has been in use for a while.
      for (let visit = 0; visit < VISITS_BEFORE; visit += 1)
        await (await fetch(`${console_.url}${address}`, { headers })).arrayBuffer();
      const result = await measure(`${console_.url}${address}`, chrome.port, headers).catch(unmeasured);
      results.push({ page: address, ...result });
      const { performance, accessibility, shift, faults } = result;
      console.log(
        `${address.padEnd(40)} performance ${String(performance).padStart(3)}   accessibility ${String(accessibility).padStart(3)}   CLS ${shift.toFixed(3)}  ${faults.join('; ')}`,
      );
    }
    return report(results);
  } finally {
    await closeChrome();
    await console_.close();
  }
}

/** `/` means the first page alone. */
function isMeant(address: string, text: string): boolean {
  return text === '/' ? address === text : address.includes(text);
}

function report(results: Measured[]): number {
  if (results.length === 0) throw new Error('No page was measured');
  const worst = {
    performance: Math.min(...results.map((result) => result.performance)),
    accessibility: Math.min(...results.map((result) => result.accessibility)),
    shift: Math.max(...results.map((result) => result.shift)),
  };
  console.log(
    JSON.stringify({
      bench: 'lighthouse',
      ours: worst.performance,
      baseline: LEAST.performance,
      unit: 'score',
      ratio: Number((worst.performance / LEAST.performance).toFixed(3)),
      accessibility: worst.accessibility,
      cls: Number(worst.shift.toFixed(4)),
      pages: results.length,
    }),
  );
  const isWell =
    worst.performance >= LEAST.performance &&
    worst.accessibility >= LEAST.accessibility &&
    worst.shift <= MOST_SHIFT;
  return isWell ? 0 : 1;
}

/**
 * Every page of the compiled routes with an address that has something to show.
 * @param rows values of the addresses' parameters
 */
async function pageAddresses(rows: Record<string, string>): Promise<{ id: string; address: string }[]> {
  const file = path.join(PROJECT_ROOT, 'build/web/server/index.js');
  const { routes } = (await import(/* @vite-ignore */ pathToFileURL(file).href)) as ServerBuild;
  const addressOf = (id: string): string => {
    const route = routes[id];
    if (!route) return '';
    const own = route.path ? `/${route.path}` : '';
    return (route.parentId ? addressOf(route.parentId) : '') + own;
  };
  const parents = new Set(Object.values(routes).map((route) => route?.parentId));
  const found = Object.values(routes).flatMap((route) => {
    if (!route?.module.default || route.id === 'root' || SKIPPED.includes(route.id) || parents.has(route.id))
      return [];
    const values: Record<string, string> = { ...PLACE, ...rows, ...OF_ONE_PAGE[route.id] };
    const address = addressOf(route.id).replaceAll(/:(\w+)/g, (whole, name) => values[name] ?? whole);
    return [{ id: route.id, address: (address || '/') + (SEARCH[route.id] ?? '') }];
  });
  // A run that awaits its approval is another page than one that has ended.
  found.push({ id: 'runs/log.route', address: `/runs/${rows.awaitingRunId}` });
  const unknown = found.filter(({ address }) => address.includes(':'));
  if (unknown.length > 0)
    throw new Error(`No address is known for ${unknown.map(({ id }) => id).join(', ')}`);
  return found;
}

async function measure(
  url: string,
  port: number,
  headers: Record<string, string>,
): Promise<Omit<Measured, 'page'>> {
  const outcome = await lighthouse(
    url,
    {
      port,
      output: 'json',
      logLevel: 'silent',
      onlyCategories: ['performance', 'accessibility'],
      extraHeaders: headers,
    },
    desktopConfig,
  );
  const lhr = outcome?.lhr;
  if (!lhr || lhr.runtimeError) throw new Error(`${url}: ${lhr?.runtimeError?.message ?? 'no result'}`);
  const score = (category: string): number => Math.round((lhr.categories[category]?.score ?? 0) * 100);
  return {
    performance: score('performance'),
    accessibility: score('accessibility'),
    shift: lhr.audits['cumulative-layout-shift']?.numericValue ?? Number.NaN,
    faults: [...slownessOf(lhr), ...faultsOf(lhr)],
  };
}

/** A page that cannot be measured counts as the worst there is. */
function unmeasured(error: unknown): Omit<Measured, 'page'> {
  return { performance: 0, accessibility: 0, shift: 1, faults: [messageOf(error)] };
}

/** What kept the performance score down. */
function slownessOf(lhr: Result): string[] {
  return ['first-contentful-paint', 'largest-contentful-paint', 'total-blocking-time', 'speed-index'].flatMap(
    (id) => {
      const audit = lhr.audits[id];
      return audit && (audit.score ?? 1) < 0.9 ? [`${audit.title} ${audit.displayValue}`] : [];
    },
  );
}

/** The accessibility audits that found something. */
function faultsOf(lhr: Result): string[] {
  return (lhr.categories.accessibility?.auditRefs ?? []).flatMap(({ id, weight }) => {
    const audit = lhr.audits[id];
    return audit && weight > 0 && audit.score !== null && audit.score < 1 ? [audit.title] : [];
  });
}
