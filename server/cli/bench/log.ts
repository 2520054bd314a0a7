import { spawn } from 'node:child_process';
import { get } from 'node:http';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { type BenchConsole, PLACE, startBenchConsole } from '#server/cli/bench/bench-console';
import { percentile, summary } from '#server/cli/bench/figures';
import { requestChecklist } from '#server/deployments/commands/request-runs';
import { previewChecklist } from '#server/deployments/queries/previews';
import type { RunLogLine } from '#server/runs/contract';

const TAG = 'v1.2.0';
const SECONDS = 20;
const LINES_PER_SECOND = 50;
/** The requirement for the 95th percentile, ms. */
const ALLOWED_MS = 200;

/** Prints a line with its own time at a steady rate. */
const CLOCK = `let n=0;const t=setInterval(()=>{console.log('tick '+n+' '+Date.now());if(++n===${SECONDS * LINES_PER_SECOND})clearInterval(t)},${1_000 / LINES_PER_SECOND})`;

/**
 * From the moment at which a command of a run prints a line to its arrival at a browser's event stream. Beside it, as a
 * floor, the same through a file and `tail -f`.
 * @returns the exit code: 0 when no line is lost or repeated and the 95th percentile is within the requirement
 */
export async function bench(): Promise<number> {
  const made = await startBenchConsole((environment) => {
    environment.checklist = [
      {
        phase: 'Bench',
        checks: [
          {
            key: 'clock',
            title: 'Clock',
            run: `node -e "${CLOCK}"`,
            timeoutSeconds: 60,
            inactivitySeconds: 90,
            whenNotMeasured: 'fail',
          },
        ],
      },
    ];
    environment.firstRelease = undefined;
  });
  try {
    const { waits, seen } = await throughTheConsole(made);
    const tail = await throughTail(path.join(made.folder, 'clock.log'));
    const isComplete = seen.length === SECONDS * LINES_PER_SECOND && seen.every((n, index) => n === index);
    print('console', waits);
    print('tail -f', tail);
    console.log(
      isComplete ? 'every line came, in order, once' : `LINES LOST OR REPEATED: ${seen.length} came`,
    );
    const p95 = percentile(waits, 0.95);
    console.log(
      summary('log', p95, ALLOWED_MS, {
        p50: percentile(waits, 0.5),
        p99: percentile(waits, 0.99),
        tailP95: percentile(tail, 0.95),
      }),
    );
    return isComplete && p95 <= ALLOWED_MS ? 0 : 1;
  } finally {
    await made.close();
  }
}

function print(name: string, waits: number[]): void {
  const [p50, p95, p99, most] = [0.5, 0.95, 0.99, 1].map((share) => percentile(waits, share));
  console.log(
    `${name.padEnd(8)} ${waits.length} lines: p50 ${p50} ms, p95 ${p95} ms, p99 ${p99} ms, most ${most} ms`,
  );
}

async function throughTheConsole(made: BenchConsole): Promise<{ waits: number[]; seen: number[] }> {
  const cookie = await made.signIn('viewer');
  const { planHash } = await previewChecklist(made.ctx, { ...PLACE, tag: TAG });
  const { runId } = await requestChecklist(made.ctx, { ...PLACE, tag: TAG, planHash });
  const waits: number[] = [];
  const seen: number[] = [];
  const stream = get(`${made.url}/streams/live?run=${runId}&after=0`, { headers: { cookie } });
  stream.on('error', () => undefined);
  stream.on('response', (response) => {
    if (response.statusCode !== 200)
      throw new Error(`The event stream was answered with ${response.statusCode}`);
    let event = '';
    const lines = createInterface({ input: response });
    // It ends when it is cut off below.
    lines.on('error', () => undefined);
    lines.on('line', (line) => {
      if (line.startsWith('event: ')) event = line.slice(7);
      if (!line.startsWith('data: ') || event !== 'log') return;
      const now = Date.now();
      for (const { text } of JSON.parse(line.slice(6)) as RunLogLine[]) {
        const tick = /^tick (\d+) (\d+)$/.exec(text);
        if (!tick) continue;
        seen.push(Number(tick[1]));
        waits.push(now - Number(tick[2]));
      }
    });
  });
  const run = await made.ended(runId);
  if (run.status !== 'succeeded') throw new Error(`The run ${run.status}: ${run.error}`);
  await delay(500);
  stream.destroy();
  return { waits, seen };
}

async function throughTail(file: string): Promise<number[]> {
  const waits: number[] = [];
  const reader = spawn('/bin/sh', ['-c', 'touch "$0"; exec tail -n +1 -f "$0"', file], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  createInterface({ input: reader.stdout }).on('line', (line) =>
    waits.push(Date.now() - Number(line.split(' ')[2])),
  );
  const writer = spawn('/bin/sh', ['-c', `exec ${process.execPath} -e "$1" >> "$0"`, file, CLOCK], {
    stdio: 'ignore',
  });
  await new Promise((resolve) => writer.once('exit', resolve));
  await delay(500);
  reader.kill();
  return waits;
}
