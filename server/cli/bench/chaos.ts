import { performance } from 'node:perf_hooks';
import { closeOnInterrupt } from '#server/cli/bench/interrupt';
import { messageOf } from '#server/platform/errors';
import { type CaseResult, type ChaosCase, fullMatrix, nameOf, runCase } from '#server/testing/chaos/cases';
import { STORIES } from '#server/testing/chaos/stories';
import { type ChaosWorld, createChaosWorld } from '#server/testing/chaos/world';

/** What the issue asks for, with default settings: ms from a worker's death to the other's work. */
const ALLOWED_MS = 10_000;
/** Worlds at a time: most of a case is waiting for a lease to end. */
const LANES = 2;
/** A world is made anew after so many cases, before its oldest deployment leaves the window that a rollback looks at. */
const CASES_PER_WORLD = 40;

const SHORT = {
  RUN_LEASE_MS: '1000',
  RUN_RENEW_MS: '150',
  RUN_POLL_MS: '50',
  EVENT_POLL_MS: '100',
  KILL_GRACE_MS: '300',
};

interface Job {
  name: string;
  run(world: ChaosWorld): Promise<CaseResult>;
}

/**
 * Kills a worker at every moment of every step of deploy and rollback, with another one alive, and tells the other
 * stories. Options: `--short` for short leases, `--only <part of a name>`, `--lanes <n>`.
 * @returns the exit code: 0 when every case ended right and every takeover was in time
 */
export async function bench(args: string[]): Promise<number> {
  const isShort = args.includes('--short');
  const only = optionOf(args, '--only');
  const lanes = Number(optionOf(args, '--lanes') ?? LANES);
  const jobs = [...fullMatrix().map(caseJob), ...Object.entries(STORIES).map(storyJob)].filter(
    ({ name }) => !only || name.includes(only),
  );
  const queue = [...jobs];
  const takeovers: number[] = [];
  const failed: string[] = [];
  let done = 0;
  const startedAt = performance.now();
  console.log(`${jobs.length} cases, ${isShort ? 'short' : 'default'} leases, ${lanes} at a time`);

  async function lane(): Promise<void> {
    while (queue.length > 0) {
      const world = await createChaosWorld(isShort ? SHORT : {});
      const close = closeOnInterrupt(world.close);
      try {
        for (let count = 0; count < CASES_PER_WORLD; count += 1) {
          const job = queue.shift();
          if (!job) break;
          const result = await job
            .run(world)
            .catch((error: unknown): CaseResult => ({ takeoverMs: null, problems: [messageOf(error)] }));
          done += 1;
          report(job.name, result);
          // What a failed case leaves behind is no ground for the next one.
          if (result.problems.length > 0) break;
        }
      } finally {
        await close();
      }
    }
  }

  function report(name: string, { takeoverMs, problems }: CaseResult): void {
    if (takeoverMs !== null) takeovers.push(takeoverMs);
    const isLate = takeoverMs !== null && takeoverMs > ALLOWED_MS;
    if (problems.length > 0 || isLate) failed.push(name);
    const time = takeoverMs === null ? '      –' : `${String(Math.round(takeoverMs)).padStart(5)} ms`;
    const verdict = problems.length > 0 || isLate ? 'FAILED' : 'ok';
    console.log(
      `${String(done).padStart(3)}/${jobs.length}  ${verdict.padEnd(6)}  takeover ${time}  ${name}`,
    );
    for (const problem of problems) console.log(`        ${problem.replaceAll('\n', '\n        ')}`);
  }

  await Promise.all(Array.from({ length: Math.min(lanes, jobs.length) }, lane));
  const worst = takeovers.length > 0 ? Math.round(Math.max(...takeovers)) : 0;
  const seconds = Math.round((performance.now() - startedAt) / 1_000);
  console.log(
    `${done} cases in ${seconds} s, ${failed.length} failed${failed.length > 0 ? `: ${failed.join(', ')}` : ''}`,
  );
  const ratio = Math.round((worst / ALLOWED_MS) * 1_000) / 1_000;
  console.log(
    JSON.stringify({
      bench: 'chaos',
      ours: worst,
      baseline: ALLOWED_MS,
      unit: 'ms',
      ratio,
      cases: done,
      failed: failed.length,
    }),
  );
  return failed.length > 0 ? 1 : 0;
}

function caseJob(chaos: ChaosCase): Job {
  return { name: nameOf(chaos), run: (world) => runCase(world, chaos) };
}

function storyJob([name, tell]: [string, (world: ChaosWorld) => Promise<string[]>]): Job {
  return { name, run: async (world) => ({ takeoverMs: null, problems: await tell(world) }) };
}

function optionOf(args: string[], option: string): string | undefined {
  const index = args.indexOf(option);
  return index < 0 ? undefined : args[index + 1];
}
