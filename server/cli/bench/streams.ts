import { Agent, get, request } from 'node:http';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { startBenchConsole } from '#server/cli/bench/bench-console';
import { percentile, summary } from '#server/cli/bench/figures';

const STREAMS = 200;
const NOTES = 60;
/** Between two notes, ms: each has arrived everywhere before the next is written. */
const PAUSE_MS = 400;
const ARRIVAL_MS = 10_000;
/** From the request that writes an entry to its hint at a stream, p95, ms. */
const ALLOWED_MS = 300;

/**
 * `npm run bench -- streams`: from the moment at which somebody sends a note to its arrival at each of 200 event streams
 * of the incident's page; the baseline is one stream alone.
 * @returns the exit code: 0 when every note reached every stream and the 95th percentile is within the requirement
 */
export async function bench(): Promise<number> {
  const console_ = await startBenchConsole((environment) => {
    environment.checklist = [];
    environment.firstRelease = undefined;
  });
  try {
    const token = await console_.token('admin', ['incidents.read', 'incidents.manage']);
    const cookie = await console_.signIn('viewer');
    const alone = await measure(console_.url, token, cookie, 1);
    const many = await measure(console_.url, token, cookie, STREAMS);
    for (const [name, { waits }] of Object.entries({ '1 stream': alone, [`${STREAMS} streams`]: many })) {
      const [p50, p95, most] = [0.5, 0.95, 1].map((share) => percentile(waits, share).toFixed(1));
      console.log(
        `${name.padEnd(12)} ${waits.length} arrivals: p50 ${p50} ms, p95 ${p95} ms, most ${most} ms`,
      );
    }
    const p95 = percentile(many.waits, 0.95);
    console.log(
      summary('streams', p95, percentile(alone.waits, 0.95), {
        allowed: ALLOWED_MS,
        streams: STREAMS,
        notes: NOTES,
        missed: alone.missed + many.missed,
      }),
    );
    return p95 <= ALLOWED_MS && alone.missed + many.missed === 0 ? 0 : 1;
  } finally {
    await console_.close();
  }
}

/** Declares an incident, looks at it through so many streams, and writes notes to it. */
async function measure(
  url: string,
  token: string,
  cookie: string,
  count: number,
): Promise<{ waits: number[]; missed: number }> {
  const { number } = await send<{ number: number }>(url, token, '/api/v1/incidents', {
    title: `Looked at through ${count}`,
  });
  let sentAt = 0;
  let due = new Set<number>();
  const waits: number[] = [];
  const agent = new Agent({ keepAlive: false, maxSockets: Number.POSITIVE_INFINITY });
  const streams = await Promise.all(
    Array.from({ length: count }, (_, index) =>
      openStream(`${url}/streams/live?incident=${number}`, cookie, agent, () => {
        if (!due.delete(index)) return;
        waits.push(performance.now() - sentAt);
      }),
    ),
  );
  let missed = 0;
  try {
    // What opening them has stirred up is over.
    await delay(1_000);
    for (let note = 0; note < NOTES; note += 1) {
      due = new Set(streams.keys());
      sentAt = performance.now();
      await send(url, token, `/api/v1/incidents/${number}/entries`, { text: `Note ${note}` });
      for (const deadline = Date.now() + ARRIVAL_MS; due.size > 0 && Date.now() < deadline; ) await delay(5);
      missed += due.size;
      await delay(PAUSE_MS);
    }
  } finally {
    for (const end of streams) end();
  }
  return { waits, missed };
}

/** @returns what ends it, once the stream is open */
function openStream(url: string, cookie: string, agent: Agent, hinted: () => void): Promise<() => void> {
  return new Promise((resolve, reject) => {
    const stream = get(url, { headers: { cookie }, agent });
    // It ends when it is cut off.
    stream.on('error', reject);
    stream.on('response', (response) => {
      if (response.statusCode !== 200) {
        reject(new Error(`The event stream was answered with ${response.statusCode}`));
        return;
      }
      const lines = createInterface({ input: response });
      lines.on('error', () => undefined);
      lines.on('line', (line) => {
        if (line === 'event: incident') hinted();
      });
      resolve(() => stream.destroy());
    });
  });
}

function send<T>(url: string, token: string, path: string, body: object): Promise<T> {
  return new Promise((resolve, reject) => {
    const sent = request(
      `${url}${path}`,
      { method: 'POST', headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' } },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('error', reject);
        response.on('end', () => {
          if ((response.statusCode ?? 500) < 300) resolve(JSON.parse(text) as T);
          else reject(new Error(`${path} answered ${response.statusCode}: ${text}`));
        });
      },
    );
    sent.on('error', reject);
    sent.end(JSON.stringify(body));
  });
}
