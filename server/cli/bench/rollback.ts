import { execFile } from 'node:child_process';
import { readFileSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { type BenchConsole, PLACE, startBenchConsole } from '#server/cli/bench/bench-console';
import { percentile, summary } from '#server/cli/bench/figures';
import { liftLock, markRelease } from '#server/deployments/commands/manage-environments';
import { getEnvironmentState } from '#server/deployments/queries/environments';
import { anyFreePort } from '#server/platform/free-port';
import { PROJECT_ROOT } from '#server/platform/project-root';
import type { RunDetail } from '#server/runs/contract';

const run = promisify(execFile);

const GOOD = 'v1.2.0';
const NEWER = 'v1.3.0';
const ROUNDS = 10;
/** The requirement: at most so many times the bare script, and so much more, ms. */
const FACTOR = 1.5;
const ADDITION_MS = 1_000;

/**
 * From the press of the button to the validated rollback, over HTTP against a running console, beside a shell script
 * that switches the same two releases of the same shop. Options: `--rounds <n>`.
 * @returns the exit code: 0 when it is within the requirement
 */
export async function bench(args: string[]): Promise<number> {
  const rounds = Number(args[args.indexOf('--rounds') + 1] ?? ROUNDS) || ROUNDS;
  // The checklist is no part of a rollback; leaving it out makes the deploys in between quick.
  const made = await startBenchConsole((environment) => {
    environment.checklist = [];
  });
  const bare = await prepareBare(made);
  try {
    const cookie = await made.signIn('responder');
    const ours: number[] = [];
    const baseline: number[] = [];
    for (let round = 1; round <= rounds; round += 1) {
      await made.deploy(NEWER);
      await bare.switchTo(NEWER);
      const { ms, detail } = await rollBack(made, cookie);
      const bareMs = await bare.switchTo(GOOD);
      ours.push(ms);
      baseline.push(bareMs);
      console.log(
        `${String(round).padStart(2)}  console ${String(Math.round(ms)).padStart(5)} ms  script ${String(Math.round(bareMs)).padStart(5)} ms   ${whereItWent(detail)}`,
      );
      await forgive(made);
    }
    const mine = percentile(ours, 0.5);
    const theirs = percentile(baseline, 0.5);
    const allowed = FACTOR * theirs + ADDITION_MS;
    const isWithin = mine <= allowed;
    console.log(
      `allowed ${Math.round(allowed)} ms (1.5 × the script + 1 s): ${isWithin ? 'within' : 'TOO SLOW'}`,
    );
    console.log(summary('rollback', mine, theirs));
    return isWithin ? 0 : 1;
  } finally {
    await bare.stop();
    await made.close();
  }
}

/** Opens the page, presses the button, and waits for the validation. */
async function rollBack(made: BenchConsole, cookie: string): Promise<{ ms: number; detail: RunDetail }> {
  const address = `${made.url}/${PLACE.service}/${PLACE.environment}/rollback`;
  const page = await (await fetch(address, { headers: { cookie } })).text();
  const field = (name: string): string => {
    const value = new RegExp(`name="${name}" value="([^"]+)"`).exec(page)?.[1];
    if (!value) throw new Error(`The rollback page has no field "${name}"`);
    return value;
  };
  const body = new URLSearchParams({
    intent: 'rollback',
    planHash: field('planHash'),
    idempotencyKey: field('idempotencyKey'),
    reason: 'bench',
  });
  const pressedAt = Date.now();
  const response = await fetch(address, {
    method: 'POST',
    redirect: 'manual',
    headers: { cookie, origin: made.url },
    body,
  });
  const runId = /\/runs\/([0-9a-f-]{36})/.exec(response.headers.get('location') ?? '')?.[1];
  if (!runId) throw new Error(`The rollback was answered with ${response.status} and no run`);
  const detail = await made.ended(runId);
  const validated = detail.steps.find(({ key }) => key === 'validate');
  if (detail.status !== 'succeeded' || detail.toTag !== GOOD || !validated?.endedAt) {
    throw new Error(`The rollback to ${detail.toTag} ${detail.status}: ${detail.error}`);
  }
  return { ms: Date.parse(validated.endedAt) - pressedAt, detail };
}

function whereItWent(detail: RunDetail): string {
  const claimed = Date.parse(detail.startedAt ?? '') - Date.parse(detail.createdAt);
  const steps = detail.steps.map(({ key, durationMs }) => `${key} ${durationMs}`);
  return [`claim ${claimed}`, ...steps].join(', ');
}

/** Takes back what a rollback leaves: the lock and the mark. */
async function forgive(made: BenchConsole): Promise<void> {
  const { lock } = await getEnvironmentState(made.ctx, PLACE);
  if (lock) await liftLock(made.ctx, { ...PLACE, lockId: lock.id, reason: 'the next round' });
  await markRelease(made.ctx, {
    service: PLACE.service,
    tag: NEWER,
    verdict: 'none',
    reason: 'the next round',
  });
}

/** Checkouts of both releases, built and ready to be started by the script. */
async function prepareBare(
  made: BenchConsole,
): Promise<{ switchTo(tag: string): Promise<number>; stop(): Promise<void> }> {
  const port = await anyFreePort();
  const env = {
    ...process.env,
    DATABASE_URL: made.shop.databaseUrl,
    SHOP_URL: `http://127.0.0.1:${port}`,
  };
  const folderOf = (tag: string): string => path.join(made.folder, 'bare', tag);
  const pidFile = path.join(made.folder, 'bare.pid');
  for (const tag of [GOOD, NEWER]) {
    await run('git', [
      '-C',
      made.shop.repository,
      'worktree',
      'add',
      '--quiet',
      '--detach',
      folderOf(tag),
      tag,
    ]);
    symlinkSync(path.join(PROJECT_ROOT, 'node_modules'), path.join(folderOf(tag), 'node_modules'));
    await run('npm', ['run', '--silent', 'build'], { cwd: folderOf(tag), env });
  }
  const script = path.join(PROJECT_ROOT, 'server/cli/bench/bare-rollback.sh');
  return {
    switchTo: async (tag) => {
      const startedAt = performance.now();
      await run('bash', [script, folderOf(tag), String(port), pidFile], { env });
      return performance.now() - startedAt;
    },
    stop: async () => {
      const pid = Number(readFileSync(pidFile, 'utf8'));
      if (pid > 0) process.kill(pid, 'SIGTERM');
    },
  };
}
