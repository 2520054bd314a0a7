import type { Request, RequestHandler, Response } from 'express';
import { z } from 'zod';
import { authorize } from '#server/auth/guard';
import { isSessionLive } from '#server/auth/session';
import { webContextOf } from '#server/http/authenticate';
import { decodeCursor, type EventStream, encodeCursor, openEventStream } from '#server/http/sse';
import type { App, Ctx } from '#server/platform/context';
import { parseInput } from '#server/platform/input';
import type { Listener } from '#server/platform/listener';
import type { RunSnapshot } from '#server/runs/contract';
import { getRunSnapshot, readRunLog } from '#server/runs/queries';

export interface LiveStreams {
  /** `GET /streams/live` */
  handler: RequestHandler;
  /** Ends every stream; browsers come back to another process, or to this one after its restart. */
  close(): void;
}

export interface LiveStreamsOptions {
  app: App;
  listener: Listener;
  /** Waits of the streams, ms; tests shorten them. */
  pollMs?: number;
  pingMs?: number;
  sessionCheckMs?: number;
}

const LINES_PER_EVENT = 500;
/** Least time between two looks at the same run's state, ms; its log is never held back. */
const SNAPSHOT_GAP_MS = 100;
/** The longest time between the reading of a page and its stream in which no change of an environment goes untold, ms. */
const ARRIVAL_MS = 60_000;
const name = /^[a-z][a-z0-9-]{0,39}\/[a-z][a-z0-9-]{0,39}$/;

const list = <T extends z.ZodType>(item: T, max: number) =>
  z.preprocess((value) => (value === undefined ? [] : [value].flat()), z.array(item).max(max));

const querySchema = z.object({
  run: list(z.uuid('This run does not exist.'), 20),
  /** The last line that the page already shows, in the order of `run`. */
  after: list(z.coerce.number().int().min(0).max(999_999_999), 20),
  environment: list(z.string().regex(name, 'Name it as service/environment.'), 20),
  incident: list(z.coerce.number().int().min(1).max(2_147_483_647), 20),
});

/**
 * The live updates of pages. Events: `log` (RunLogLine[]), `run` (RunSnapshot, when it changed), `environment`
 * ({service, environment}: its pages are out of date), `incident` ({number}: likewise). Each carries as its id the last line sent of every run, so a
 * reconnect goes on exactly behind it. Notices wake a stream at once; a poll covers those that were lost.
 */
export function createLiveStreams(options: LiveStreamsOptions): LiveStreams {
  const { app } = options;
  const open = new Set<LiveStream>();
  let isClosed = false;
  /** When an environment changed last, and when hints were lost, ms of the monotonic clock. */
  const changedMs = new Map<string, number>();
  let lostMs = Number.NEGATIVE_INFINITY;
  const changedLately = (key: string) =>
    performance.now() - Math.max(changedMs.get(key) ?? Number.NEGATIVE_INFINITY, lostMs) < ARRIVAL_MS;

  const unsubscribe = options.listener.subscribe((notice) => {
    if (notice.kind === 'run') for (const stream of open) stream.runChanged(notice.id);
    if (notice.kind === 'environment') {
      const key = `${notice.service}/${notice.environment}`;
      changedMs.set(key, performance.now());
      for (const stream of open) stream.environmentChanged(key);
    }
    if (notice.kind === 'incident') for (const stream of open) stream.incidentChanged(notice.number);
  });
  const offReconnect = options.listener.onReconnect(() => {
    lostMs = performance.now();
    for (const stream of open) stream.everythingChanged();
  });
  const timers = [
    setInterval(() => each((stream) => stream.poll()), options.pollMs ?? 2_000),
    setInterval(() => each((stream) => stream.ping()), options.pingMs ?? 15_000),
    setInterval(() => each((stream) => void stream.checkSession()), options.sessionCheckMs ?? 30_000),
  ];
  for (const timer of timers) timer.unref();

  function each(work: (stream: LiveStream) => void): void {
    for (const stream of open) work(stream);
  }

  async function start(req: Request, res: Response): Promise<void> {
    const { ctx } = await webContextOf(app, req, res);
    const query = parseInput(querySchema, req.query) as z.infer<typeof querySchema>;
    if (query.environment.length > 0) authorize(ctx, 'overview.read', 'GET /streams/live');
    if (query.incident.length > 0) authorize(ctx, 'incidents.read', 'GET /streams/live');
    const lastEventId = req.get('last-event-id');
    const resumed = decodeCursor(lastEventId);
    const positions = new Map(query.run.map((id, at) => [id, resumed.get(id) ?? query.after[at] ?? 0]));
    // Read before the answer begins, so that an unknown run or a missing permission has its status.
    const snapshots = await Promise.all(query.run.map((runId) => getRunSnapshot(ctx, { runId })));
    if (isClosed || res.destroyed) {
      res.destroy();
      return;
    }
    const stream = new LiveStream(ctx, openEventStream(res), positions, {
      environments: new Set(query.environment),
      incidents: new Set(query.incident),
    });
    open.add(stream);
    res.on('close', () => {
      open.delete(stream);
      stream.close();
    });
    stream.begin(snapshots, lastEventId !== undefined, query.environment.filter(changedLately));
  }

  return {
    handler: (req, res) => start(req, res),
    close: () => {
      isClosed = true;
      unsubscribe();
      offReconnect();
      for (const timer of timers) clearInterval(timer);
      each((stream) => stream.close());
      open.clear();
    },
  };
}

interface RunState {
  logDue: boolean;
  snapshotDue: boolean;
  /** The earliest next look at its state, ms of the monotonic clock. */
  nextSnapshotMs: number;
  /** What was sent last, to send only changes. */
  sent: string;
}

/** One browser's stream. It reads and sends one thing at a time; what happens meanwhile is remembered, not queued. */
class LiveStream {
  readonly #runs = new Map<string, RunState>();
  readonly #environmentsDue = new Set<string>();
  readonly #incidentsDue = new Set<number>();
  #isPumping = false;
  #timer: NodeJS.Timeout | null = null;

  constructor(
    readonly ctx: Ctx,
    readonly stream: EventStream,
    readonly positions: Map<string, number>,
    readonly wanted: { environments: ReadonlySet<string>; incidents: ReadonlySet<number> },
  ) {
    for (const id of positions.keys()) {
      this.#runs.set(id, { logDue: true, snapshotDue: false, nextSnapshotMs: 0, sent: '' });
    }
  }

  /**
   * Sends what was read ahead. A browser that was away may have missed hints; one that has just come may have missed an entry
   * of an incident, and what changed lately, between the reading of its page and this.
   */
  begin(snapshots: RunSnapshot[], wasAway: boolean, changedLately: string[]): void {
    if (wasAway) this.#hintsMissed();
    for (const number of this.wanted.incidents) this.#incidentsDue.add(number);
    for (const key of changedLately) this.#environmentsDue.add(key);
    const ready = new Map(snapshots.map((snapshot) => [snapshot.id, snapshot]));
    void this.#pump(ready);
  }

  runChanged(id: string): void {
    const run = this.#runs.get(id);
    if (!run) return;
    run.logDue = true;
    run.snapshotDue = true;
    void this.#pump();
  }

  environmentChanged(key: string): void {
    if (!this.wanted.environments.has(key)) return;
    this.#environmentsDue.add(key);
    void this.#pump();
  }

  incidentChanged(number: number): void {
    if (!this.wanted.incidents.has(number)) return;
    this.#incidentsDue.add(number);
    void this.#pump();
  }

  everythingChanged(): void {
    this.#hintsMissed();
    this.poll();
  }

  #hintsMissed(): void {
    for (const key of this.wanted.environments) this.#environmentsDue.add(key);
    for (const number of this.wanted.incidents) this.#incidentsDue.add(number);
  }

  poll(): void {
    for (const run of this.#runs.values()) {
      run.logDue = true;
      run.snapshotDue = true;
    }
    void this.#pump();
  }

  ping(): void {
    this.stream.ping();
  }

  /** Ends the stream of somebody who is no longer signed in; a database that cannot be asked ends nothing. */
  async checkSession(): Promise<void> {
    try {
      if (!(await isSessionLive(this.ctx))) this.close();
    } catch (error) {
      this.ctx.log.warn({ err: error }, 'could not check the session of a live stream');
    }
  }

  close(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.stream.end();
  }

  async #pump(ready = new Map<string, RunSnapshot>()): Promise<void> {
    if (this.#isPumping) return;
    this.#isPumping = true;
    try {
      while (this.stream.isOpen && (await this.#step(ready)));
      this.#wakeForSnapshots();
    } catch (error) {
      // What was due is read again at the next notice or poll, from the position that was really sent.
      this.ctx.log.warn({ err: error }, 'a live stream could not read');
    } finally {
      this.#isPumping = false;
    }
  }

  /** Does the most urgent thing that is due; false when there is nothing. */
  async #step(ready: Map<string, RunSnapshot>): Promise<boolean> {
    for (const [id, run] of this.#runs) {
      if (!run.logDue) continue;
      await this.#sendLog(id, run);
      return true;
    }
    for (const key of this.#environmentsDue) {
      this.#environmentsDue.delete(key);
      const [service, environment] = key.split('/');
      await this.#send('environment', { service, environment });
      return true;
    }
    for (const number of this.#incidentsDue) {
      this.#incidentsDue.delete(number);
      await this.#send('incident', { number });
      return true;
    }
    for (const [id, run] of this.#runs) {
      const known = ready.get(id);
      if (!known && (!run.snapshotDue || performance.now() < run.nextSnapshotMs)) continue;
      ready.delete(id);
      await this.#sendSnapshot(id, run, known);
      return true;
    }
    return false;
  }

  async #sendLog(id: string, run: RunState): Promise<void> {
    const afterSeq = this.positions.get(id) ?? 0;
    run.logDue = false;
    const lines = await this.#reading(
      () => readRunLog(this.ctx, { runId: id, afterSeq, limit: LINES_PER_EVENT }),
      () => {
        run.logDue = true;
      },
    );
    const last = lines.at(-1);
    if (!last) return;
    if (lines.length === LINES_PER_EVENT) run.logDue = true;
    this.positions.set(id, last.seq);
    await this.#send(
      'log',
      lines.map((line) => ({ ...line, runId: id })),
    );
  }

  async #sendSnapshot(id: string, run: RunState, known: RunSnapshot | undefined): Promise<void> {
    let snapshot = known;
    if (!snapshot) {
      run.snapshotDue = false;
      run.nextSnapshotMs = performance.now() + SNAPSHOT_GAP_MS;
      snapshot = await this.#reading(
        () => getRunSnapshot(this.ctx, { runId: id }),
        () => {
          run.snapshotDue = true;
        },
      );
    }
    const { readAt: _readAt, ...state } = snapshot;
    const text = JSON.stringify(state);
    if (text === run.sent) return;
    run.sent = text;
    await this.#send('run', snapshot);
  }

  async #reading<T>(read: () => Promise<T>, restore: () => void): Promise<T> {
    try {
      return await read();
    } catch (error) {
      restore();
      throw error;
    }
  }

  #send(event: string, data: unknown): Promise<void> {
    return this.stream.send(event, data, encodeCursor(this.positions));
  }

  /** A run's state that was due too early is looked at when its gap is over. */
  #wakeForSnapshots(): void {
    const due = [...this.#runs.values()].filter((run) => run.snapshotDue).map((run) => run.nextSnapshotMs);
    if (due.length === 0 || this.#timer || !this.stream.isOpen) return;
    this.#timer = setTimeout(
      () => {
        this.#timer = null;
        void this.#pump();
      },
      Math.max(1, Math.min(...due) - performance.now()),
    );
  }
}
