import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Client, type LiveEvent, type LiveFrom, StreamUnavailable } from '#server/cli/ops/client/client';
import type { Ops } from '#server/cli/ops/command';
import { EXIT } from '#server/cli/ops/exit-codes';
import { interruption, OpsFailure } from '#server/cli/ops/failure';
import { type FollowCalls, type RunUpdate, type WatchOptions, watchRun } from '#server/cli/ops/follow/watch';
import type { RunLogLine } from '#server/runs/contract';
import { exampleLine, exampleRun, exampleStep } from '#server/testing/run-fixtures';

const away = () => new OpsFailure(EXIT.unavailable, 'away', { kind: 'unreachable' });

/** What one attempt to reach the console comes to. */
type Attempt =
  /** A stream that sends so many lines, some of them again, holds the newest back, and then ends or breaks. */
  | { kind: 'stream'; lines: number; again: number; behind: number; end: 'ends' | 'breaks' }
  | { kind: 'refused' };

/** A console with a run of so many lines, of which more is written each time that somebody looks. */
function fakeConsole(total: number, script: Attempt[], options: { streams: boolean; polls?: boolean[] }) {
  const steps = [exampleStep(0, 'work', 'succeeded', [0, 1])];
  const all: RunLogLine[] = Array.from({ length: total }, (_, index) =>
    exampleLine(index + 1, 0, `${index + 1}`),
  );
  const polls = [...(options.polls ?? [])];
  let written = 0;
  let isOver = false;
  const write = (count: number): void => {
    written = Math.min(total, written + count);
    if (written === total) isOver = true;
  };
  const state = () => exampleRun(isOver ? 'succeeded' : 'running', steps, { lastLogSeq: written });
  const froms: LiveFrom[] = [];
  async function* live(from: LiveFrom): AsyncGenerator<LiveEvent> {
    froms.push(from);
    const attempt: Attempt = script.shift() ?? {
      kind: 'stream',
      lines: total,
      again: 0,
      behind: 0,
      end: 'ends',
    };
    if (attempt.kind === 'refused') throw away();
    const known = Number(from.lastEventId ?? from.afterSeq);
    write(attempt.lines);
    for (let seq = Math.max(1, known + 1 - attempt.again); seq <= written - attempt.behind; seq += 1) {
      yield { id: String(seq), type: 'log', data: JSON.stringify([{ ...all[seq - 1], runId: 'x' }]) };
    }
    if (attempt.end === 'breaks') throw away();
    const last = Math.max(known, written - attempt.behind);
    yield { id: String(last), type: 'run', data: JSON.stringify(state()) };
  }
  const call = async (id: FollowCalls, input: { afterSeq?: number; limit?: number }) => {
    if (polls.shift() === false) throw away();
    if (id === 'getRun') {
      if (!options.streams) write(3);
      return state();
    }
    const after = input.afterSeq ?? 0;
    return { rows: all.slice(after, Math.min(written, after + 2)) };
  };
  const client = { place: 'here', live: options.streams ? live : null } as unknown as Client;
  const ops = { client: async () => client, call } as unknown as Ops<FollowCalls>;
  return { ops, froms, lines: all.map(({ text }) => text) };
}

async function collect(ops: Ops<FollowCalls>, change: Partial<WatchOptions> = {}) {
  const updates: RunUpdate[] = [];
  const { signal } = new AbortController();
  for await (const update of watchRun(ops, {
    runId: 'x',
    afterSeq: 0,
    signal,
    pollMs: 0,
    backoffMs: [0],
    ...change,
  })) {
    updates.push(update);
  }
  const lines = updates.flatMap((update) =>
    update.type === 'lines' ? update.lines.map(({ text }) => text) : [],
  );
  return { updates, lines };
}

const attempt: fc.Arbitrary<Attempt> = fc.oneof(
  fc.record({
    kind: fc.constant('stream' as const),
    lines: fc.nat({ max: 6 }),
    again: fc.nat({ max: 4 }),
    behind: fc.nat({ max: 2 }),
    end: fc.constantFrom('ends' as const, 'breaks' as const),
  }),
  fc.constant({ kind: 'refused' as const }),
);

describe('following a run', () => {
  it('gives each line once and in order, however streams break and repeat, and ends with the run', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: 30 }),
        fc.array(attempt, { maxLength: 12 }),
        fc.array(fc.boolean(), { maxLength: 6 }),
        async (total, script, polls) => {
          const { ops, lines } = fakeConsole(total, script, { streams: true, polls });
          const seen = await collect(ops);
          expect(seen.lines).toEqual(lines);
          expect(seen.updates.at(-1)).toMatchObject({ type: 'state', state: { status: 'succeeded' } });
        },
      ),
    );
  });

  it('does the same by asking where there is no stream', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: 20 }),
        fc.array(fc.boolean(), { maxLength: 8 }),
        async (total, polls) => {
          const { ops, lines } = fakeConsole(total, [], { streams: false, polls });
          expect((await collect(ops)).lines).toEqual(lines);
        },
      ),
    );
  });

  it('takes a stream up behind the last event', async () => {
    const { ops, froms } = fakeConsole(
      6,
      [
        { kind: 'stream', lines: 3, again: 0, behind: 0, end: 'breaks' },
        { kind: 'stream', lines: 3, again: 0, behind: 0, end: 'ends' },
      ],
      { streams: true },
    );
    await collect(ops);
    expect(froms.map(({ afterSeq, lastEventId }) => [afterSeq, lastEventId])).toEqual([
      [0, null],
      [3, '3'],
    ]);
  });

  it('begins behind the lines that are known', async () => {
    const { ops, lines } = fakeConsole(6, [], { streams: true });
    expect((await collect(ops, { afterSeq: 4 })).lines).toEqual(lines.slice(4));
  });

  it('asks instead where the stream does not get through', async () => {
    const { ops, lines } = fakeConsole(5, [], { streams: true });
    let tries = 0;
    const client = await ops.client();
    const live = client.live;
    Object.assign(client, {
      live: async function* (from: LiveFrom) {
        tries += 1;
        if (tries === 1) throw new StreamUnavailable('a proxy');
        yield* live?.(from) ?? [];
      },
    });
    // Nobody writes while the stream is not read; the run is over when it is asked.
    const call = ops.call as unknown as (id: string, input: object) => Promise<unknown>;
    Object.assign(ops, {
      call: async (id: string, input: object) =>
        id === 'getRun' ? exampleRun('succeeded', [], { lastLogSeq: 0 }) : call(id, input),
    });
    const seen = await collect(ops);
    expect(tries).toBe(1);
    expect(seen.lines).toEqual([]);
    expect(lines).toHaveLength(5);
    expect(seen.updates).toHaveLength(1);
  });

  it('says once that the console is away, and that it is back', async () => {
    const refused: Attempt[] = Array.from({ length: 3 }, () => ({ kind: 'refused' }));
    const { ops } = fakeConsole(2, refused, { streams: true, polls: [false, false] });
    const told = (await collect(ops)).updates.filter((update) => update.type === 'away');
    expect(told).toEqual([
      { type: 'away', isAway: true },
      { type: 'away', isAway: false },
    ]);
  });

  it('gives a console up that stays away for too long', async () => {
    const refused: Attempt[] = Array.from({ length: 100 }, () => ({ kind: 'refused' }));
    const { ops } = fakeConsole(2, refused, {
      streams: true,
      polls: Array.from({ length: 100 }, () => false),
    });
    await expect(collect(ops, { giveUpMs: 0, backoffMs: [1] })).rejects.toMatchObject({
      kind: 'unreachable',
    });
  });

  it('does not try again what is refused', async () => {
    const { ops } = fakeConsole(2, [], { streams: false });
    Object.assign(ops, {
      call: async () => {
        throw new OpsFailure(EXIT.denied, 'Your token was revoked.', { kind: 'unauthenticated' });
      },
    });
    await expect(collect(ops)).rejects.toMatchObject({ exitCode: EXIT.denied });
  });

  it('stops at its signal, with the reason that it brings', async () => {
    for (const [reason, exitCode] of [
      [undefined, EXIT.interrupted],
      [new OpsFailure(EXIT.unavailable, 'no worker'), EXIT.unavailable],
      [interruption('x'), EXIT.interrupted],
    ] as const) {
      const stop = new AbortController();
      const { ops } = fakeConsole(1_000, [], { streams: false });
      const seen: RunUpdate[] = [];
      const watching = (async () => {
        for await (const update of watchRun(ops, {
          runId: 'x',
          afterSeq: 0,
          signal: stop.signal,
          pollMs: 10_000,
        })) {
          seen.push(update);
          if (update.type === 'state') stop.abort(reason);
        }
      })();
      await expect(watching).rejects.toMatchObject({ exitCode });
      expect(seen.length).toBeGreaterThan(0);
    }
  });
});
