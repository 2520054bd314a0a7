import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type BenchConsole, PLACE, startBenchConsole } from '#server/cli/bench/bench-console';
import { allowControl, injectFaults } from '#server/cli/bench/faults';
import { summary } from '#server/cli/bench/figures';
import { Child } from '#server/cli/start/child';
import { getRule } from '#server/monitoring/rules/queries';
import { PROJECT_ROOT } from '#server/platform/project-root';

const RULE = 'error-rate-critical';
const GOOD = 'v1.2.0';
const BAD = 'v1.3.0';
const HEALTHY_MINUTES = 10;
/** The requirements: what may pass beyond the rule's `for`, and until the shop is well again after that, ms. */
const ALLOWED_MS = 3_000;
const WELL_MS = 90_000;
/** Answers in a row after which the shop counts as well. */
const WELL_ANSWERS = 20;
const LOOK_MS = 100;
const STOP_GRACE_MS = 5_000;

/**
 * `npm run bench -- guard [--healthy <minutes>]`: the example shop with its visitors and the rules that come with the
 * console, as they are. First it is left alone: no rule may fire. Then the newest release begins to fail every request:
 * from then to the beginning of the automatic rollback, beside the rule's own `for`; and from there until the shop answers
 * well again.
 * @returns the exit code: 0 when nothing fired before, and both were in time
 */
export async function bench(args: string[]): Promise<number> {
  const minutes = args.includes('--healthy') ? Number(args[args.indexOf('--healthy') + 1]) : HEALTHY_MINUTES;
  if (!(minutes >= 0)) throw new Error('--healthy needs a number of minutes, for example: --healthy 10');
  allowControl();
  const console_ = await startBenchConsole((environment) => {
    environment.checklist = [];
  });
  const visitors = new Child({
    name: 'visitors',
    args: ['--conditions=compiled', path.join(PROJECT_ROOT, 'examples/shop/visitors.mjs')],
    env: { ...process.env, SHOP_URL: console_.shop.url, VISITS_PER_SECOND: '10' },
    cwd: PROJECT_ROOT,
    logDirectory: path.join(console_.folder, 'logs'),
    level: 'error',
    onStart: () => undefined,
  });
  try {
    const rule = await getRule(console_.ctx, { key: RULE });
    await console_.deploy(GOOD);
    await console_.deploy(BAD);
    await delay(minutes * 60_000);
    const early = await console_.ctx.db.alert.count();
    console.log(`${minutes} minutes of a healthy shop: ${early} alerts`);

    const brokenAt = Date.now();
    await injectFaults(console_.shop.url, { errorRate: 1, releases: [BAD] });
    const rollback = await untilRollback(console_, brokenAt + rule.forSeconds * 1_000 + WELL_MS);
    const beganMs = rollback.createdAt.getTime() - brokenAt;
    const wellMs = (await untilWell(console_)) - rollback.createdAt.getTime();
    const { status, toTag } = await console_.ended(rollback.id);
    console.log(
      `the rollback began ${beganMs} ms after the fault (for ${rule.forSeconds} s), the shop was well ${wellMs} ms after that; it went to ${toTag} and ${status}`,
    );
    console.log(
      summary('guard', beganMs, rule.forSeconds * 1_000, {
        wellMs,
        healthyMinutes: minutes,
        alertsBefore: early,
      }),
    );
    const isInTime = beganMs <= rule.forSeconds * 1_000 + ALLOWED_MS && wellMs <= WELL_MS;
    return isInTime && early === 0 && status === 'succeeded' && toTag === GOOD ? 0 : 1;
  } finally {
    await visitors.stop(STOP_GRACE_MS);
    await console_.close();
  }
}

async function untilRollback({ ctx }: BenchConsole, deadline: number) {
  for (;;) {
    const run = await ctx.db.run.findFirst({ where: { ...PLACE, procedure: 'deployments.rollback' } });
    if (run) return run;
    if (Date.now() > deadline) throw new Error('No automatic rollback began in time');
    await delay(LOOK_MS);
  }
}

/** @returns when the first of so many good answers in a row came, ms since 1970 */
async function untilWell({ shop }: BenchConsole): Promise<number> {
  let [firstAt, inARow] = [0, 0];
  for (const deadline = Date.now() + WELL_MS; inARow < WELL_ANSWERS; await delay(LOOK_MS)) {
    const isWell = await fetch(`${shop.url}/shop`).then(
      (answer) => answer.ok,
      () => false,
    );
    if (isWell && inARow === 0) firstAt = Date.now();
    inARow = isWell ? inARow + 1 : 0;
    if (Date.now() > deadline) throw new Error(`The shop is not well ${WELL_MS} ms after the rollback began`);
  }
  return firstAt;
}
