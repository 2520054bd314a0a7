import { Agent, request } from 'node:http';
import pg from 'pg';
import { type BenchConsole, PLACE, startBenchConsole } from '#server/cli/bench/bench-console';
import { percentile } from '#server/cli/bench/figures';

const SERIES = 500;
/** Of each series in one batch, a second apart. */
const TIMES = 10;
const BATCHES = 40;
const ROUNDS = 5;
/** What the issue asks for, as a share of the plain insert. */
const REQUIRED = 0.5;

interface Batch {
  /** What a program sends. */
  body: Buffer;
  /** The same rows as the plain insert takes them. */
  columns: [string, string, string];
}

/**
 * Samples by HTTP into a console as `npm start` runs it, each batch one request, as programs send them; beside it the same
 * rows, by the same number of connections, by `INSERT … SELECT unnest` into a plain table with the same index in the same
 * Postgres. In turns, so that both see the same machine. Bodies and parameters are made before the clock runs.
 * @returns the exit code: 0 when every row came once and the median is at least half of the plain insert's
 */
export async function bench(args: string[]): Promise<number> {
  const senders = Number(args.find((arg) => arg.startsWith('--senders='))?.slice(10) ?? 2);
  process.env.API_REQUESTS_PER_MINUTE = '1000000';
  const made = await startBenchConsole((environment) => {
    environment.firstRelease = undefined;
    environment.metrics = undefined;
  });
  const plain = new pg.Pool({ connectionString: made.ownerUrl, max: senders });
  const agent = new Agent({ keepAlive: true, maxSockets: senders });
  try {
    await plain.query(`CREATE TABLE bench_sample (series_id integer NOT NULL, at timestamptz(3) NOT NULL, value double precision NOT NULL,
      PRIMARY KEY (series_id, at) INCLUDE (value))`);
    const send = sender(made, agent, await made.token('responder', ['metrics.push']));
    const insert = ({ columns }: Batch) =>
      plain.query(
        `INSERT INTO bench_sample SELECT s, to_timestamp(t / 1000.0), v
         FROM unnest($1::int[], $2::float8[], $3::float8[]) AS row(s, t, v)`,
        columns,
      );
    // Makes the series, so that the clock sees what happens all day long.
    await send(makeBatches(Date.now() - 7_200_000, 1)[0] as Batch);
    const start = Date.now() - 3_600_000;
    const ours: number[] = [];
    const theirs: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const batches = makeBatches(start + round * BATCHES * TIMES * 1_000, BATCHES);
      const sides = [
        async () => theirs.push(await rowsPerSecond(batches, senders, insert)),
        async () => ours.push(await rowsPerSecond(batches, senders, send)),
      ];
      for (const side of round % 2 === 0 ? sides : sides.reverse()) await side();
      console.log(
        `round ${round + 1}: console ${show(ours.at(-1))}, plain insert ${show(theirs.at(-1))} rows/s`,
      );
    }
    const expected = ROUNDS * BATCHES * SERIES * TIMES;
    const { rows } = await plain.query<{ count: number }>(
      'SELECT count(*)::int AS count FROM metric_sample WHERE at >= $1',
      [new Date(start)],
    );
    const isComplete = rows[0]?.count === expected;
    if (!isComplete) console.log(`ROWS LOST OR REPEATED: ${rows[0]?.count} of ${expected}`);
    const [mine = 0, baseline = 0] = [ours, theirs].map((list) => percentile(list, 0.5));
    const ratio = mine / baseline;
    console.log(
      JSON.stringify({
        bench: 'ingest',
        ours: Math.round(mine),
        baseline: Math.round(baseline),
        unit: 'rows/s',
        ratio: Number(ratio.toFixed(3)),
        senders,
        rows: expected,
        isComplete,
      }),
    );
    return isComplete && ratio >= REQUIRED ? 0 : 1;
  } finally {
    agent.destroy();
    await plain.end();
    await made.close();
  }
}

function show(value: number | undefined): string {
  return Math.round(value ?? 0).toLocaleString('en');
}

function makeBatches(startMs: number, count: number): Batch[] {
  return Array.from({ length: count }, (_, batch) => {
    const samples: object[] = [];
    const columns: [number[], number[], number[]] = [[], [], []];
    for (let time = 0; time < TIMES; time += 1) {
      const at = startMs + (batch * TIMES + time) * 1_000;
      for (let series = 0; series < SERIES; series += 1) {
        const value = Math.round(Math.random() * 1e6) / 1e3;
        const labels = { route: `/products/${series}`, status: series % 9 === 0 ? '5xx' : '2xx' };
        samples.push({ name: 'bench_duration_seconds', kind: 'gauge', labels, at, value });
        columns[0].push(series);
        columns[1].push(at);
        columns[2].push(value);
      }
    }
    return {
      body: Buffer.from(JSON.stringify({ ...PLACE, samples })),
      columns: columns.map((list) => `{${list.join(',')}}`) as Batch['columns'],
    };
  });
}

/** Several senders, each of which sends its next batch when the one before is answered. */
async function rowsPerSecond(
  batches: readonly Batch[],
  senders: number,
  send: (batch: Batch) => Promise<unknown>,
): Promise<number> {
  const waiting = [...batches];
  const started = performance.now();
  await Promise.all(
    Array.from({ length: senders }, async () => {
      for (let next = waiting.shift(); next; next = waiting.shift()) await send(next);
    }),
  );
  return (batches.length * SERIES * TIMES) / ((performance.now() - started) / 1_000);
}

function sender({ url }: BenchConsole, agent: Agent, token: string): (batch: Batch) => Promise<void> {
  return ({ body }) =>
    new Promise((resolve, reject) => {
      const headers = {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        'content-length': body.length,
      };
      const sent = request(`${url}/api/v1/metrics`, { method: 'POST', agent, headers }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          const isWhole = text.startsWith(`{"accepted":${SERIES * TIMES},"duplicates":0,"rejected":[]`);
          if (response.statusCode === 200 && isWhole) resolve();
          else reject(new Error(`The console answered ${response.statusCode}: ${text.slice(0, 300)}`));
        });
      });
      sent.on('error', reject);
      sent.end(body);
    });
}
