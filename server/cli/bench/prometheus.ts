import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { anyFreePort } from '#server/platform/free-port';

const READY_MS = 30_000;

/** The programs of Prometheus and Alertmanager. */
export interface Programs {
  prometheus: string;
  alertmanager: string;
}

/** How often Prometheus scrapes and evaluates, and how long Alertmanager waits for what belongs together. Seconds. */
export interface Pace {
  scrapeSeconds: number;
  evaluateSeconds: number;
  groupWaitSeconds: number;
}

/** Where Debian's Alertmanager reads its templates from; it does not start without them, and cannot be told another place. */
const TEMPLATES = '/usr/share/prometheus/alertmanager';

/**
 * Finds both programs, or unpacks Debian's packages into `folder` without installing or starting anything; only the
 * templates of Alertmanager are put where it looks for them.
 * @throws Error where there are none and no Debian to get them from
 */
export function findPrograms(folder: string): Programs {
  const installed = { prometheus: '/usr/bin/prometheus', alertmanager: '/usr/bin/prometheus-alertmanager' };
  if (Object.values(installed).every((file) => existsSync(file))) return installed;
  if (!existsSync('/etc/debian_version')) {
    throw new Error(
      'There is no Prometheus to compare with: install prometheus and alertmanager, or run this on Debian.',
    );
  }
  mkdirSync(folder, { recursive: true });
  execFileSync('apt-get', ['download', '-qq', 'prometheus', 'prometheus-alertmanager'], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.deb')))
    execFileSync('dpkg-deb', ['-x', path.join(folder, file), folder], { stdio: 'pipe' });
  if (!existsSync(TEMPLATES)) cpSync(path.join(folder, TEMPLATES), TEMPLATES, { recursive: true });
  return {
    prometheus: path.join(folder, installed.prometheus),
    alertmanager: path.join(folder, installed.alertmanager),
  };
}

/**
 * Starts both with an empty history: one alert when more than 5 % of the shop's answers fail for `forSeconds`, sent to
 * `webhook`. Resolves once both are ready.
 */
export async function startPrometheus(
  programs: Programs,
  folder: string,
  options: { shopUrl: string; webhook: string; forSeconds: number; pace: Pace },
): Promise<{ stop(): Promise<void> }> {
  mkdirSync(folder, { recursive: true });
  const [port, alertPort] = [await anyFreePort(), await anyFreePort()];
  const { scrapeSeconds, evaluateSeconds, groupWaitSeconds } = options.pace;
  // Four scrapes, as its documentation advises: a rate needs two.
  const range = `${scrapeSeconds * 4}s`;
  const failed = `sum(rate(http_requests_total{status="5xx"}[${range}]))`;
  const write = (name: string, content: unknown) => {
    // JSON is YAML.
    const file = path.join(folder, name);
    writeFileSync(file, JSON.stringify(content));
    return file;
  };
  const rules = write('rules.yml', {
    groups: [
      {
        name: 'shop',
        rules: [
          {
            alert: 'Errors',
            expr: `100 * ${failed} / sum(rate(http_requests_total[${range}])) > 5`,
            for: `${options.forSeconds}s`,
          },
        ],
      },
    ],
  });
  const config = write('prometheus.yml', {
    global: { scrape_interval: `${scrapeSeconds}s`, evaluation_interval: `${evaluateSeconds}s` },
    rule_files: [rules],
    alerting: { alertmanagers: [{ static_configs: [{ targets: [`127.0.0.1:${alertPort}`] }] }] },
    scrape_configs: [{ job_name: 'shop', static_configs: [{ targets: [new URL(options.shopUrl).host] }] }],
  });
  const alertConfig = write('alertmanager.yml', {
    route: { receiver: 'bench', group_wait: `${groupWaitSeconds}s` },
    receivers: [{ name: 'bench', webhook_configs: [{ url: options.webhook, send_resolved: false }] }],
  });
  const children = [
    run(programs.alertmanager, [
      `--config.file=${alertConfig}`,
      `--storage.path=${path.join(folder, 'alertmanager')}`,
      `--web.listen-address=127.0.0.1:${alertPort}`,
      '--cluster.listen-address=',
    ]),
    run(programs.prometheus, [
      `--config.file=${config}`,
      `--storage.tsdb.path=${path.join(folder, 'prometheus')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ]),
  ];
  const stop = async () => {
    await Promise.all(children.map(end));
  };
  try {
    for (const each of [alertPort, port]) await untilReady(`http://127.0.0.1:${each}/-/ready`);
  } catch (error) {
    await stop();
    throw error;
  }
  return { stop };
}

function run(program: string, args: string[]): ChildProcess {
  return spawn(program, args, { stdio: 'ignore' });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
}

async function untilReady(url: string): Promise<void> {
  for (const deadline = Date.now() + READY_MS; ; await delay(100)) {
    const isReady = await fetch(url).then(
      (response) => response.ok,
      () => false,
    );
    if (isReady) return;
    if (Date.now() > deadline) throw new Error(`${url} does not answer after ${READY_MS} ms`);
  }
}
