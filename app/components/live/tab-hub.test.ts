import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { LiveEvent, TabMessage } from '#app/components/live/protocol';
import type { SourceLike } from '#app/components/live/stream-source';
import { type LeaderLock, TabHub } from '#app/components/live/tab-hub';
import { serves, streamUrl, unionOf } from '#app/components/live/topics';

const RUN = '0190a000-0000-7000-8000-000000000001';
const OTHER = '0190a000-0000-7000-8000-000000000002';

/** A browser with tabs: one bus, one lock, and the streams that were opened. */
class FakeBrowser {
  readonly streams: (SourceLike & {
    url: string;
    emit: (name: string, data?: unknown) => void;
    readyState: number;
  })[] = [];
  readonly #tabs = new Set<(event: { data: TabMessage }) => void>();
  #holder: { onLost: () => void } | null = null;
  readonly #queue: (() => void)[] = [];

  tab(name: string, isVisible = true) {
    const heard: LiveEvent[] = [];
    let listener: ((event: { data: TabMessage }) => void) | undefined;
    const hub = new TabHub({
      tab: name,
      openSource: (url) => this.#open(url),
      channel: {
        postMessage: (data) => {
          for (const other of this.#tabs) if (other !== listener) other({ data: structuredClone(data) });
        },
        addEventListener: (_name, added) => {
          listener = added;
          this.#tabs.add(added);
        },
        close: () => listener && this.#tabs.delete(listener),
      },
      lock: this.#lock(),
      onEvent: (event) => heard.push(event),
      onState: () => undefined,
    });
    hub.start({ isVisible });
    return { hub, heard };
  }

  get openStreams() {
    return this.streams.filter((stream) => stream.readyState !== 2);
  }

  #lock(): LeaderLock {
    const self: { onLost: () => void } = { onLost: () => undefined };
    return {
      campaign: ({ steal }, onLead, onLost) => {
        const take = () => {
          self.onLost = onLost;
          this.#holder = self;
          onLead();
        };
        if (this.#holder && !steal) {
          this.#queue.push(take);
          return;
        }
        const before = this.#holder;
        this.#holder = null;
        take();
        before?.onLost();
      },
      resign: () => {
        if (this.#holder !== self) return;
        this.#holder = null;
        this.#queue.shift()?.();
      },
    };
  }

  #open(url: string): SourceLike {
    const listeners = new Map<string, (event: MessageEvent<string>) => void>();
    const stream = {
      url,
      readyState: 1,
      addEventListener: (name: string, listener: (event: MessageEvent<string>) => void) => {
        listeners.set(name, listener);
      },
      emit: (name: string, data?: unknown) =>
        listeners.get(name)?.({ data: JSON.stringify(data ?? null) } as MessageEvent<string>),
      close: () => {
        stream.readyState = 2;
      },
    };
    this.streams.push(stream);
    return stream;
  }
}

const log = (runId: string, ...seqs: number[]) =>
  seqs.map((seq) => ({
    runId,
    seq,
    stepIndex: 0,
    at: '2026-03-01T09:00:00.000Z',
    stream: 'stdout',
    text: 'x',
  }));

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());
const settle = () => vi.advanceTimersByTime(100);

describe('tab hub', () => {
  it('has one stream for all tabs, with the union of what they want', () => {
    const browser = new FakeBrowser();
    const first = browser.tab('a');
    first.hub.want({ runs: { [RUN]: 10 }, environments: ['shop/production'] });
    const second = browser.tab('b', false);
    second.hub.want({ runs: { [RUN]: 3, [OTHER]: 0 }, environments: [] });
    settle();
    expect(browser.openStreams).toHaveLength(1);
    const url = new URL(browser.openStreams[0]?.url ?? '', 'http://x');
    expect(url.searchParams.getAll('run').sort()).toEqual([RUN, OTHER].sort());
    expect(url.searchParams.getAll('environment')).toEqual(['shop/production']);
    browser.openStreams[0]?.emit('log', log(RUN, 4, 5));
    expect(first.heard).toEqual(second.heard);
    expect(second.heard).toHaveLength(1);
  });

  it('goes on from the last line when the tab with the stream closes', () => {
    const browser = new FakeBrowser();
    const first = browser.tab('a');
    const second = browser.tab('b', false);
    first.hub.want({ runs: { [RUN]: 0 }, environments: [] });
    second.hub.want({ runs: { [RUN]: 0 }, environments: [] });
    settle();
    browser.openStreams[0]?.emit('log', log(RUN, 1, 2, 3));
    first.hub.stop();
    settle();
    expect(browser.openStreams).toHaveLength(1);
    expect(browser.openStreams[0]?.url).toBe(streamUrl({ runs: { [RUN]: 3 }, environments: [] }));
  });

  it('moves the stream to the tab that is looked at, and each run keeps its cursor', () => {
    const browser = new FakeBrowser();
    const first = browser.tab('a');
    const second = browser.tab('b', false);
    first.hub.want({ runs: { [RUN]: 0 }, environments: [] });
    second.hub.want({ runs: { [OTHER]: 7 }, environments: [] });
    settle();
    browser.openStreams[0]?.emit('log', log(RUN, 1, 2));
    second.hub.becameVisible();
    settle();
    expect(browser.openStreams).toHaveLength(1);
    const wanted = { runs: { [OTHER]: 7, [RUN]: 2 }, environments: [] };
    expect(browser.openStreams[0]?.url).toBe(streamUrl(wanted));
  });

  it('opens a stream again that the server refused, and asks for a fresh read after it was away', () => {
    const browser = new FakeBrowser();
    const { hub, heard } = browser.tab('a');
    hub.want({ runs: {}, environments: ['shop/production'] });
    settle();
    const stream = browser.openStreams[0];
    stream?.emit('open');
    if (stream) stream.readyState = 2;
    stream?.emit('error');
    vi.advanceTimersByTime(1_000);
    browser.openStreams[0]?.emit('open');
    expect(browser.streams).toHaveLength(2);
    expect(heard).toEqual([{ name: 'resync' }]);
  });
});

describe('topics', () => {
  it('takes the lowest cursor of a run', () => {
    const wishes = [
      { runs: { [RUN]: 9 }, environments: ['b/x'], incidents: [7] },
      { runs: { [RUN]: 4 }, environments: ['a/x', 'b/x'] },
    ];
    expect(unionOf(wishes)).toEqual({ runs: { [RUN]: 4 }, environments: ['a/x', 'b/x'], incidents: [7] });
  });

  it('does not serve a cursor that the stream has passed', () => {
    const open = { runs: { [RUN]: 400 }, environments: [] };
    expect(serves(open, { runs: { [RUN]: 500 }, environments: [] }, { [RUN]: 500 })).toBe(true);
    expect(serves(open, { runs: { [RUN]: 450 }, environments: [] }, { [RUN]: 500 })).toBe(false);
    expect(serves(open, { runs: { [RUN]: 400 }, environments: [] }, {})).toBe(true);
    expect(serves(open, { runs: {}, environments: [] }, {})).toBe(false);
  });

  it('opens anew for another incident, and names it', () => {
    const open = { runs: {}, environments: [], incidents: [7] };
    expect(serves(open, { ...open, incidents: [7] }, {})).toBe(true);
    expect(serves(open, { ...open, incidents: [7, 42] }, {})).toBe(false);
    expect(streamUrl(open)).toBe('/streams/live?incident=7');
  });

  it('has no address for nothing', () => expect(streamUrl({ runs: {}, environments: [] })).toBeNull());
});
