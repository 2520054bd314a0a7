import { type LiveEvent, type LiveState, lastSeq, type TabMessage } from '#app/components/live/protocol';
import { type SourceLike, StreamSource } from '#app/components/live/stream-source';
import { advance, NO_WISH, unionOf, type Wish } from '#app/components/live/topics';

/** What of a BroadcastChannel is used. */
export interface ChannelLike {
  postMessage(message: TabMessage): void;
  addEventListener(name: 'message', listener: (event: { data: TabMessage }) => void): void;
  close(): void;
}

/** A lock that one tab holds; a visible tab may take it from a hidden one. */
export interface LeaderLock {
  /** Waits for the lock or takes it; `onLead` when it is ours, `onLost` when another took it. */
  campaign(options: { steal: boolean }, onLead: () => void, onLost: () => void): void;
  resign(): void;
}

/**
 * One event stream per browser, shared by its tabs: HTTP/1.1 allows six connections to a host. The tab that holds the
 * lock has the stream and passes on what it hears; where the browser knows no such locks every tab has its own.
 */
export class TabHub {
  readonly #stream: StreamSource;
  readonly #wishes = new Map<string, Wish>();
  #own: Wish = NO_WISH;
  #isLeading = false;
  #state: LiveState = 'connecting';

  constructor(
    private readonly parts: {
      tab: string;
      openSource: (url: string) => SourceLike;
      channel: ChannelLike | null;
      lock: LeaderLock | null;
      onEvent: (event: LiveEvent) => void;
      onState: (state: LiveState) => void;
    },
  ) {
    this.#stream = new StreamSource({
      openSource: parts.openSource,
      onEvent: (event) => {
        this.#say({ kind: 'event', event });
        this.#hear(event);
      },
      onState: (state) => {
        this.#say({ kind: 'state', state });
        this.#setState(state);
      },
    });
  }

  start(options: { isVisible: boolean }): void {
    this.parts.channel?.addEventListener('message', ({ data }) => this.#receive(data));
    if (!this.parts.lock || !this.parts.channel) this.#lead();
    else this.#campaign(options.isVisible);
  }

  /** Says what this tab wants from now on. */
  want(wish: Wish): void {
    this.#own = wish;
    this.#wishes.set(this.parts.tab, wish);
    if (this.#isLeading) this.#stream.want(unionOf(this.#wishes.values()));
    else this.#say({ kind: 'wish', tab: this.parts.tab, wish });
  }

  /** A hidden tab's timers and connections are throttled or frozen: the one that is looked at leads. */
  becameVisible(): void {
    if (!this.#isLeading && this.parts.lock && this.parts.channel) this.#campaign(true);
  }

  stop(): void {
    this.#isLeading = false;
    this.#stream.stop();
    this.#say({ kind: 'bye', tab: this.parts.tab });
    this.parts.lock?.resign();
    this.parts.channel?.close();
  }

  #campaign(steal: boolean): void {
    this.parts.lock?.campaign(
      { steal },
      () => this.#lead(),
      () => {
        this.#isLeading = false;
        this.#stream.stop();
        this.#campaign(false);
        this.#say({ kind: 'wish', tab: this.parts.tab, wish: this.#own });
      },
    );
  }

  #lead(): void {
    this.#isLeading = true;
    this.#wishes.clear();
    this.#wishes.set(this.parts.tab, this.#own);
    this.#stream.want(unionOf(this.#wishes.values()));
    this.#say({ kind: 'roll-call' });
  }

  #receive(message: TabMessage): void {
    switch (message.kind) {
      case 'roll-call':
        this.#say({ kind: 'wish', tab: this.parts.tab, wish: this.#own });
        break;
      case 'event':
        if (!this.#isLeading) this.#hear(message.event);
        break;
      case 'state':
        if (!this.#isLeading) this.#setState(message.state);
        break;
      case 'wish':
        if (!this.#isLeading) break;
        this.#wishes.set(message.tab, message.wish);
        this.#stream.want(unionOf(this.#wishes.values()));
        this.#say({ kind: 'state', state: this.#state });
        break;
      case 'bye':
        this.#wishes.delete(message.tab);
        if (this.#isLeading) this.#stream.want(unionOf(this.#wishes.values()));
    }
  }

  #hear(event: LiveEvent): void {
    if (event.name === 'log') {
      const last = lastSeq(event.lines);
      this.#own = advance(this.#own, event.runId, last);
      for (const [tab, wish] of this.#wishes) this.#wishes.set(tab, advance(wish, event.runId, last));
    }
    this.parts.onEvent(event);
  }

  #setState(state: LiveState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.parts.onState(state);
  }

  #say(message: TabMessage): void {
    this.parts.channel?.postMessage(message);
  }
}

const LOCK_NAME = 'ops-live-stream';

/** The lock of this browser's tabs by the Web Locks API; null where it is missing. */
export function webLock(): LeaderLock | null {
  if (!navigator.locks) return null;
  let release: (() => void) | undefined;
  let waiting: AbortController | undefined;
  let isStopped = false;
  return {
    campaign: ({ steal }, onLead, onLost) => {
      waiting?.abort();
      const attempt = new AbortController();
      waiting = attempt;
      let hasLed = false;
      navigator.locks
        .request(LOCK_NAME, steal ? { steal: true } : { signal: attempt.signal }, () => {
          if (isStopped) return undefined;
          hasLed = true;
          onLead();
          return new Promise<void>((done) => {
            release = done;
          });
        })
        .catch(() => {
          if (hasLed && !isStopped) onLost();
        });
    },
    resign: () => {
      isStopped = true;
      waiting?.abort();
      release?.();
    },
  };
}
