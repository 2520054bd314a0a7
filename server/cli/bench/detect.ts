import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type BenchConsole, PLACE, startBenchConsole } from '#server/cli/bench/bench-console';
import { allowControl, injectFaults } from '#server/cli/bench/faults';
import { percentile } from '#server/cli/bench/figures';
import { findPrograms, type Pace, type Programs, startPrometheus } from '#server/cli/bench/prometheus';

const FOR_SECONDS = 10;
const TRIALS = 5;
/** Beyond the `for`, nothing takes longer with both at their defaults. */
const MOST_MS = 180_000;
const VISIT_MS = 50;

interface Setting {
  name: string;
  pace: Pace;
  /** Ours; null where the console's own default counts. */
  scrapeMs: number | null;
  ruleSeconds: number | null;
}

const SETTINGS: readonly Setting[] = [
  {
    name: 'tightest',
    pace: { scrapeSeconds: 1, evaluateSeconds: 1, groupWaitSeconds: 0 },
    scrapeMs: 1_000,
    ruleSeconds: 1,
  },
  {
    name: 'defaults',
    pace: { scrapeSeconds: 15, evaluateSeconds: 15, groupWaitSeconds: 30 },
    scrapeMs: null,
    ruleSeconds: null,
  },
];
/** The default of the configuration, ms. */
const SCRAPE_DEFAULT_MS = 5_000;

/**
 * `npm run bench -- detect`: the shop begins to fail every request; from then to the webhook, beyond the rule's `for`, of
 * this console and of Prometheus with Alertmanager on the same shop at the same moment. Once with both at their tightest,
 * once with both at their defaults; the worse ratio of the two counts.
 * @returns the exit code: 0 when the console's median is below the other's in both settings
 */
export async function bench(): Promise<number> {
  const medians: Record<string, { ours: number; theirs: number }> = {};
  for (const setting of SETTINGS) medians[setting.name] = await measure(setting);
  const [worst] = Object.values(medians).sort((a, b) => b.ours / b.theirs - a.ours / a.theirs);
  if (!worst) throw new Error('Nothing was measured');
  console.log(
    JSON.stringify({
      bench: 'detect',
      ours: worst.ours,
      baseline: worst.theirs,
      unit: 'ms',
      ratio: Number((worst.ours / worst.theirs).toFixed(3)),
      forSeconds: FOR_SECONDS,
      ...medians,
    }),
  );
  return Object.values(medians).every(({ ours, theirs }) => ours < theirs) ? 0 : 1;
}

async function measure(setting: Setting): Promise<{ ours: number; theirs: number }> {
  const ours = await startReceiver();
  const theirs = await startReceiver();
  process.env.SLACK_WEBHOOK_ALERTS = `${ours.url}/services/T0/B0/bench`;
  allowControl();
  const console_ = await startBenchConsole((environment) => {
    environment.checklist = [];
    environment.metrics = {
      path: '/metrics',
      timeoutMs: 1_000,
      intervalMs: setting.scrapeMs ?? SCRAPE_DEFAULT_MS,
    };
  });
  const visits = setInterval(
    () =>
      void fetch(`${console_.shop.url}/shop`).then(
        (answer) => answer.arrayBuffer(),
        () => undefined,
      ),
    VISIT_MS,
  );
  const stopping: (() => Promise<void>)[] = [];
  try {
    const programs = findPrograms(path.join(console_.folder, 'packages'));
    const token = await console_.token('commander', ['rules.manage', 'rules.read']);
    await quietSeededRules(console_, token);
    const delays: { ours: number[]; theirs: number[] } = { ours: [], theirs: [] };
    for (let trial = 1; trial <= TRIALS; trial += 1) {
      const prometheus = await startWatchers(console_, programs, token, setting, trial, theirs.url);
      stopping.push(prometheus.stop);
      // Three scrapes of the slower one, and a moment that is no multiple of any interval.
      const { scrapeSeconds } = setting.pace;
      await delay(scrapeSeconds * 3_000 + 2_000 + Math.random() * scrapeSeconds * 1_000);
      for (const receiver of [ours, theirs]) receiver.forget();
      const brokenAt = Date.now();
      await injectFaults(console_.shop.url, { errorRate: 1 });
      const wait = async (receiver: typeof ours) => (await receiver.next()) - brokenAt - FOR_SECONDS * 1_000;
      const [mine, other] = await Promise.all([wait(ours), wait(theirs)]);
      delays.ours.push(mine);
      delays.theirs.push(other);
      await injectFaults(console_.shop.url, { errorRate: 0 });
      await stopRule(console_, token, trial);
      await prometheus.stop();
      // The next rule would see this fault for as long as its window reaches back.
      await delay(FOR_SECONDS * 1_000 + 2 * (setting.scrapeMs ?? SCRAPE_DEFAULT_MS));
      console.log(
        `${setting.name}, trial ${trial}: console ${mine} ms, Prometheus ${other} ms beyond the for`,
      );
    }
    return { ours: percentile(delays.ours, 0.5), theirs: percentile(delays.theirs, 0.5) };
  } finally {
    clearInterval(visits);
    await Promise.all(stopping.map((stop) => stop()));
    await Promise.all([ours.close(), theirs.close()]);
    await console_.close();
  }
}

/** Starts a Prometheus and makes a rule of this console, of the same words, which know nothing yet. */
async function startWatchers(
  console_: BenchConsole,
  programs: Programs,
  token: string,
  { pace, ruleSeconds }: Setting,
  trial: number,
  webhook: string,
) {
  const prometheus = await startPrometheus(
    programs,
    path.join(console_.folder, `prometheus-${pace.scrapeSeconds}-${trial}`),
    {
      shopUrl: console_.shop.url,
      webhook,
      forSeconds: FOR_SECONDS,
      pace,
    },
  );
  await call(console_, token, '/api/v1/rules', {
    key: `bench-${trial}`,
    title: 'Errors of the bench',
    ...PLACE,
    source: {
      type: 'metric',
      windowSeconds: FOR_SECONDS,
      measure: {
        kind: 'ratio',
        numerator: { metric: 'http_requests_total', labels: { status: '5xx' } },
        denominator: { metric: 'http_requests_total' },
      },
    },
    comparison: '>',
    threshold: 5,
    forSeconds: FOR_SECONDS,
    severity: 'warning',
    channel: 'ALERTS',
    ...(ruleSeconds === null ? {} : { intervalSeconds: ruleSeconds }),
  });
  return prometheus;
}

/** The rules that come with the console must not act on the bench's fault. */
async function quietSeededRules(console_: BenchConsole, token: string): Promise<void> {
  const answer = await fetch(`${console_.url}/api/v1/rules`, {
    headers: { authorization: `Bearer ${token}` },
  });
  const rules = (await answer.json()) as { key: string }[] | { rows: { key: string }[] };
  for (const { key } of Array.isArray(rules) ? rules : rules.rows)
    await call(console_, token, `/api/v1/rules/${key}/switch`, { enabled: false });
}

async function stopRule(console_: BenchConsole, token: string, trial: number): Promise<void> {
  await call(console_, token, `/api/v1/rules/bench-${trial}/switch`, { enabled: false });
}

async function call(console_: BenchConsole, token: string, address: string, body: object): Promise<void> {
  const answer = await fetch(`${console_.url}${address}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${address} answered ${answer.status}: ${await answer.text()}`);
}

/** A webhook on this machine. */
async function startReceiver(): Promise<{
  url: string;
  /** When the next call comes, or came since the last was asked for, ms. @throws Error when none comes */
  next(): Promise<number>;
  /** Forgets the calls that came before. */
  forget(): void;
  close(): Promise<void>;
}> {
  const calls: number[] = [];
  const server = createServer((request, response) => {
    calls.push(Date.now());
    request.resume().once('end', () => response.end('ok'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    next: async () => {
      const deadline = Date.now() + FOR_SECONDS * 1_000 + MOST_MS;
      while (calls.length === 0) {
        if (Date.now() > deadline)
          throw new Error(`No webhook was called within ${MOST_MS / 1_000} s of the for`);
        await delay(50);
      }
      const at = calls[0] as number;
      calls.length = 0;
      return at;
    },
    forget: () => {
      calls.length = 0;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
