import http from 'node:http';
import type { Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Ctx } from '#server/platform/context';
import { notify } from '#server/platform/notify';
import type { RunLogLine, RunSnapshot } from '#server/runs/contract';
import { createTestApp, type TestApp } from '#server/testing/context';
import { cookieOf, startTestWebServer, type TestWebServer } from '#server/testing/web-server';

interface Event {
  type: string;
  id: string;
  data: unknown;
  atMs: number;
}

let app: TestApp;
let web: TestWebServer;
let viewer: Ctx;
let cookie: string;

beforeAll(async () => {
  app = await createTestApp();
  web = await startTestWebServer(app, { streams: { pollMs: 300, pingMs: 100, sessionCheckMs: 150 } });
  viewer = await app.asRole('viewer');
  cookie = await cookieOf(viewer);
});
afterAll(async () => {
  await web.close();
  await app.close();
});

/** What a browser's EventSource does: parses events and remembers the last id. */
class Source {
  readonly events: Event[] = [];
  lastId: string | undefined;
  status = 0;
  comments = 0;
  #request: http.ClientRequest | null = null;
  #ended: Promise<void> = Promise.resolve();

  connect(path: string, headers: Record<string, string> = {}): Promise<void> {
    return new Promise((resolve, reject) => {
      const resume = this.lastId ? { 'Last-Event-ID': this.lastId } : {};
      const request = http.get(
        `${web.origin}${path}`,
        { headers: { cookie, ...resume, ...headers } },
        (res) => {
          this.status = res.statusCode ?? 0;
          let text = '';
          this.#ended = new Promise((end) => res.on('close', end));
          res.setEncoding('utf8');
          res.on('error', () => request.destroy());
          res.on('data', (chunk: string) => {
            text += chunk;
            const blocks = text.split('\n\n');
            text = blocks.pop() ?? '';
            for (const block of blocks) this.#take(block);
          });
          resolve();
        },
      );
      request.on('error', (error) => (this.status === 0 ? reject(error) : undefined));
      this.#request = request;
    });
  }

  #take(block: string): void {
    const field = (name: string) =>
      block
        .split('\n')
        .find((line) => line.startsWith(`${name}: `))
        ?.slice(name.length + 2);
    if (block.startsWith(':')) this.comments += 1;
    const type = field('event');
    if (!type) return;
    this.lastId = field('id');
    this.events.push({
      type,
      id: this.lastId ?? '',
      data: JSON.parse(field('data') ?? 'null'),
      atMs: performance.now(),
    });
  }

  /** Pulls the plug, as a lost network does. */
  async drop(): Promise<void> {
    this.#request?.destroy();
    await this.#ended;
  }

  get ended(): Promise<void> {
    return this.#ended;
  }

  lines(runId?: string): (RunLogLine & { runId: string })[] {
    return this.events
      .filter((event) => event.type === 'log')
      .flatMap((event) => event.data as (RunLogLine & { runId: string })[])
      .filter((line) => runId === undefined || line.runId === runId);
  }
}

async function until(condition: () => boolean, ms = 5_000): Promise<void> {
  const end = performance.now() + ms;
  while (!condition()) {
    if (performance.now() > end) throw new Error('what was waited for did not happen');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function newRun(): Promise<string> {
  const id = app.ids.uuid();
  await app.database.client.run.create({
    data: {
      id,
      procedure: 'deploy',
      title: 'Deploy',
      service: 'shop',
      environment: 'production',
      lockKey: `test/${id}`,
      status: 'queued',
      params: {},
      plan: { steps: [] },
      planHash: '0'.repeat(64),
      configHash: '0'.repeat(64),
      requestedByType: 'user',
      requestedByName: 'Test',
      budgetMs: 1_000,
    },
  });
  return id;
}

/** Appends lines as a worker does: rows, then the hint, in one transaction. */
async function write(runId: string, from: number, count: number, hint = true): Promise<void> {
  const seqs = Array.from({ length: count }, (_each, at) => from + at);
  await app.database.client.$transaction(async (tx) => {
    await tx.runLog.createMany({
      data: seqs.map((seq) => ({
        runId,
        seq,
        stepIndex: 0,
        at: new Date(),
        stream: 'stdout',
        text: `line ${seq}`,
      })),
    });
    await tx.run.update({ where: { id: runId }, data: { lastLogSeq: from + count - 1 } });
    if (hint) await notify(tx, { kind: 'run', id: runId });
  });
}

const range = (to: number, from = 1) => Array.from({ length: to - from + 1 }, (_each, at) => from + at);

describe('the live stream', () => {
  it('refuses the anonymous, the unknown run and what it cannot read, with their status', async () => {
    const statusOf = async (path: string, headers: Record<string, string> = {}) => {
      const source = new Source();
      await source.connect(path, headers);
      await source.drop();
      return source.status;
    };
    expect(await statusOf(`/streams/live?run=${app.ids.uuid()}`, { cookie: '' })).toBe(401);
    expect(await statusOf(`/streams/live?run=${app.ids.uuid()}`)).toBe(404);
    expect(await statusOf('/streams/live?run=nonsense')).toBe(400);
    expect(await statusOf('/streams/live?environment=shop')).toBe(400);
    expect(await statusOf('/streams/live?incident=nonsense')).toBe(400);
  });

  it('begins behind the line that the page already shows', async () => {
    const runId = await newRun();
    await write(runId, 1, 10);
    const source = new Source();
    await source.connect(`/streams/live?run=${runId}&after=7`);
    await until(() => source.lines().length >= 3 && source.events.some((event) => event.type === 'run'));
    expect(source.lines().map((line) => line.seq)).toEqual([8, 9, 10]);
    await source.drop();
  });

  it('sends a run when it changed, and nothing when it did not', async () => {
    const runId = await newRun();
    const source = new Source();
    await source.connect(`/streams/live?run=${runId}`);
    const snapshots = () =>
      source.events.filter((event) => event.type === 'run').map((event) => event.data as RunSnapshot);
    await until(() => snapshots().length === 1);
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(snapshots()).toHaveLength(1);
    await app.database.client.run.update({
      where: { id: runId },
      data: { status: 'succeeded', endedAt: new Date() },
    });
    await notify(app.database.client, { kind: 'run', id: runId });
    await until(() => snapshots().length === 2);
    expect(snapshots()[1]?.status).toBe('succeeded');
    await source.drop();
  });

  it('finds by itself what no hint told', async () => {
    const runId = await newRun();
    const source = new Source();
    await source.connect(`/streams/live?run=${runId}`);
    await until(() => source.events.length > 0);
    await write(runId, 1, 3, false);
    await until(() => source.lines().length === 3, 2_000);
    await source.drop();
  });

  it('tells of the environments asked for only, and again after an absence', async () => {
    const source = new Source();
    await source.connect('/streams/live?environment=shop/production');
    await notify(app.database.client, { kind: 'environment', service: 'shop', environment: 'staging' });
    await notify(app.database.client, { kind: 'environment', service: 'shop', environment: 'production' });
    await until(() => source.events.length > 0);
    expect(source.events.map(({ type, data }) => [type, data])).toEqual([
      ['environment', { service: 'shop', environment: 'production' }],
    ]);
    await source.drop();
    source.lastId ??= 'anything';
    await source.connect('/streams/live?environment=shop/production', { 'Last-Event-ID': source.lastId });
    await until(() => source.events.length === 2);
    await source.drop();
  });

  it('tells who has just come of what changed while they read their page, and of nothing else', async () => {
    const source = new Source();
    await source.connect('/streams/live?environment=shop/staging');
    await notify(app.database.client, { kind: 'environment', service: 'shop', environment: 'staging' });
    await until(() => source.events.length > 0);
    await source.drop();
    const late = new Source();
    await late.connect('/streams/live?environment=drill/staging&environment=shop/staging');
    await until(() => late.events.length > 0);
    await until(() => late.comments > 2);
    expect(late.events.map(({ data }) => data)).toEqual([{ service: 'shop', environment: 'staging' }]);
    await late.drop();
  });

  it('tells of the incidents asked for only: at first, when they change, and after an absence', async () => {
    const source = new Source();
    const numbers = () => source.events.map(({ type, data }) => [type, (data as { number: number }).number]);
    await source.connect('/streams/live?incident=42&incident=7');
    // What was written between the reading of the page and the stream has not been missed.
    await until(() => source.events.length === 2);
    expect(numbers()).toEqual([
      ['incident', 42],
      ['incident', 7],
    ]);
    await notify(app.database.client, { kind: 'incident', number: 41 });
    await notify(app.database.client, { kind: 'incident', number: 42 });
    await until(() => source.events.length > 2);
    expect(numbers().slice(2)).toEqual([['incident', 42]]);
    await source.drop();
    source.lastId ??= 'anything';
    await source.connect('/streams/live?incident=42', { 'Last-Event-ID': source.lastId });
    await until(() => source.events.length === 4);
    await source.drop();
  });

  it('pings, and ends when the session does', async () => {
    const other = await cookieOf(await app.asRole('viewer'));
    const source = new Source();
    await source.connect('/streams/live?environment=shop/production', { cookie: other });
    await until(() => source.comments > 2);
    await app.database.client.session.deleteMany({ where: { NOT: { userId: viewer.actor.id ?? '' } } });
    await source.ended;
    expect(source.status).toBe(200);
  });

  it('loses and repeats no line over random disconnects, with two runs at once', async () => {
    const runs = [await newRun(), await newRun()];
    const total = 1_500;
    const path = `/streams/live?${runs.map((id) => `run=${id}`).join('&')}`;
    const source = new Source();
    let isWriting = true;
    const writers = runs.map(async (runId, index) => {
      for (let next = 1; next <= total; ) {
        const count = Math.min(1 + Math.floor(Math.random() * 40), total - next + 1);
        await write(runId, next, count, Math.random() > 0.1 || index === 1);
        next += count;
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 12));
      }
    });
    const written = Promise.all(writers).then(() => {
      isWriting = false;
    });
    let drops = 0;
    while (isWriting && drops < 400) {
      await source.connect(path);
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 60));
      await source.drop();
      drops += 1;
    }
    await written;
    await source.connect(path);
    await until(() => runs.every((id) => source.lines(id).at(-1)?.seq === total));
    await source.drop();
    expect(drops).toBeGreaterThan(5);
    for (const id of runs) expect(source.lines(id).map((line) => line.seq)).toEqual(range(total));
  });

  it('goes on where it was after the server stopped', async () => {
    const runId = await newRun();
    await write(runId, 1, 5);
    const first = await startTestWebServer(app);
    const source = new Source();
    const mine = web;
    web = first;
    await source.connect(`/streams/live?run=${runId}`);
    await until(() => source.lines().length === 5);
    await first.close();
    await source.ended;
    web = mine;
    await write(runId, 6, 5);
    await source.connect(`/streams/live?run=${runId}`);
    await until(() => source.lines().length === 10);
    expect(source.lines().map((line) => line.seq)).toEqual(range(10));
    await source.drop();
  });

  it('holds a reader who takes nothing without reading ahead for them, and goes on when they take', async () => {
    const runId = await newRun();
    const lines = 6_000;
    for (let from = 1; from <= lines; from += 1_000) {
      await app.database.client.runLog.createMany({
        data: range(from + 999, from).map((seq) => ({
          runId,
          seq,
          stepIndex: 0,
          at: new Date(),
          stream: 'stdout',
          text: 'x'.repeat(2_000),
        })),
      });
    }
    const sockets: Socket[] = [];
    web.server.on('connection', (socket: Socket) => sockets.push(socket));
    let taken = 0;
    let held = 0;
    await new Promise<void>((resolve, reject) => {
      const request = http.get(
        `${web.origin}/streams/live?run=${runId}`,
        { agent: false, headers: { cookie } },
        (res) => {
          let tail = '';
          setTimeout(() => {
            held = Math.max(...sockets.map((socket) => socket.writableLength));
            res.setEncoding('utf8');
            res.on('data', (chunk: string) => {
              taken += chunk.length;
              tail = (tail + chunk).slice(-5_000);
              if (!tail.includes(`"seq":${lines},`)) return;
              res.destroy();
              resolve();
            });
          }, 700);
        },
      );
      request.on('error', reject);
    });
    // Two events of 500 lines at most, of the 12 MB that wait in the database.
    expect(held).toBeGreaterThan(0);
    expect(held).toBeLessThan(2 * 500 * 2_300);
    expect(taken).toBeGreaterThan(lines * 2_000);
  });

  it('brings a line from its commit to the reader within 200 ms at the 95th percentile', async () => {
    const runId = await newRun();
    const source = new Source();
    await source.connect(`/streams/live?run=${runId}`);
    await until(() => source.events.length > 0);
    const delays: number[] = [];
    for (let seq = 1; seq <= 60; seq += 1) {
      await write(runId, seq, 1);
      const committedMs = performance.now();
      await until(() => source.lines().at(-1)?.seq === seq);
      const seen =
        source.events.filter((event) => event.type === 'log').at(-1)?.atMs ?? Number.POSITIVE_INFINITY;
      delays.push(seen - committedMs);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    delays.sort((a, b) => a - b);
    const p95 = delays[Math.floor(delays.length * 0.95)] ?? 0;
    process.stderr.write(
      `log row to reader: median ${delays[30]?.toFixed(1)} ms, p95 ${p95.toFixed(1)} ms\n`,
    );
    expect(p95).toBeLessThan(200);
    await source.drop();
  });
});
