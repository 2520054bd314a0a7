import {
  createContext,
  type ReactNode,
  useCallback,
  useContext,
  useEffect,
  useMemo,
  useRef,
  useState,
} from 'react';
import type { LiveEvent, LiveState } from '#app/components/live/protocol';
import type { TabHub } from '#app/components/live/tab-hub';
import { unionOf, type Wish } from '#app/components/live/topics';
import { useSafeRevalidate } from '#app/lib/use-safe-revalidate';

interface Subscription {
  wish: () => Wish;
  onEvent: (event: LiveEvent) => void;
}

interface Live {
  state: LiveState;
  /** Listens until the returned function is called. The wish is asked again when it may have changed. */
  subscribe: (subscription: Subscription) => () => void;
}

const LiveContext = createContext<Live>({ state: 'connecting', subscribe: () => () => undefined });

/** Until what carries the stream is asked for again, where it could not be loaded, ms. */
const RELOAD_MS = 5_000;

/** Gives the page below it the browser's one event stream. */
export function LiveProvider({ children }: { children: ReactNode }) {
  const [state, setState] = useState<LiveState>('connecting');
  const subscriptions = useRef(new Set<Subscription>());
  const hub = useRef<TabHub | null>(null);

  const rewish = useCallback(() => {
    hub.current?.want(unionOf([...subscriptions.current].map((subscription) => subscription.wish())));
  }, []);

  useEffect(() => {
    let isGone = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const start = async (): Promise<void> => {
      // A page is drawn without it: it comes after what the page needs to be used.
      const { TabHub, webLock } = await import('#app/components/live/tab-hub');
      if (isGone) return;
      hub.current = new TabHub({
        tab: crypto.randomUUID?.() ?? String(Math.random()),
        openSource: (url) => new EventSource(url),
        channel: 'BroadcastChannel' in window ? new BroadcastChannel('ops-live') : null,
        lock: webLock(),
        onEvent: (event) => {
          for (const subscription of subscriptions.current) subscription.onEvent(event);
        },
        onState: setState,
      });
      hub.current.start({ isVisible: document.visibilityState === 'visible' });
      rewish();
    };
    const attempt = (): void => {
      start().catch(() => {
        if (!isGone) timer = setTimeout(attempt, RELOAD_MS);
      });
    };
    attempt();
    const visibility = () => document.visibilityState === 'visible' && hub.current?.becameVisible();
    document.addEventListener('visibilitychange', visibility);
    return () => {
      isGone = true;
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', visibility);
      hub.current?.stop();
      hub.current = null;
    };
  }, [rewish]);

  const live = useMemo<Live>(
    () => ({
      state,
      subscribe: (subscription) => {
        subscriptions.current.add(subscription);
        rewish();
        return () => {
          subscriptions.current.delete(subscription);
          rewish();
        };
      },
    }),
    [state, rewish],
  );
  return <LiveContext.Provider value={live}>{children}</LiveContext.Provider>;
}

/** Whether changes arrive by themselves right now. */
export function useLiveState(): LiveState {
  return useContext(LiveContext).state;
}

/** Hears the events of what `wish` names. Both may change between renders; the subscription stays. */
export function useLive(wish: Wish, onEvent: (event: LiveEvent) => void): void {
  const { subscribe } = useContext(LiveContext);
  const latest = useRef({ wish, onEvent });
  useEffect(() => {
    latest.current = { wish, onEvent };
  });
  const topics = [...Object.keys(wish.runs), ...wish.environments, ...(wish.incidents ?? [])]
    .sort()
    .join(' ');
  // biome-ignore lint/correctness/useExhaustiveDependencies: a change of topics is a new subscription
  useEffect(
    () =>
      subscribe({
        wish: () => latest.current.wish,
        onEvent: (event) => latest.current.onEvent(event),
      }),
    [subscribe, topics],
  );
}

const REVALIDATE_GAP_MS = 400;

/** Reads the page's data again when an environment or an incident of the wish changed, at most every 400 ms and never while it loads. */
export function useLiveData(wish: Wish): void {
  const revalidate = useSafeRevalidate();
  const timer = useRef<ReturnType<typeof setTimeout>>();
  useEffect(() => () => clearTimeout(timer.current), []);
  const ask = () => {
    if (timer.current) return;
    timer.current = setTimeout(() => {
      timer.current = undefined;
      revalidate();
    }, REVALIDATE_GAP_MS);
  };
  useLive(wish, (event) => {
    const isMine =
      event.name === 'incident'
        ? wish.incidents?.includes(event.number)
        : event.name === 'environment' || event.name === 'resync';
    if (isMine) ask();
  });
}
