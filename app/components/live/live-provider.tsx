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
import { TabHub, webLock } from '#app/components/live/tab-hub';
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

/** Gives the page below it the browser's one event stream. */
export function LiveProvider({ children }: { children: ReactNode }) {
  const [state, setState] = useState<LiveState>('connecting');
  const subscriptions = useRef(new Set<Subscription>());
  const hub = useRef<TabHub | null>(null);

  const rewish = useCallback(() => {
    hub.current?.want(unionOf([...subscriptions.current].map((subscription) => subscription.wish())));
  }, []);

  useEffect(() => {
    const created = new TabHub({
      tab: crypto.randomUUID?.() ?? String(Math.random()),
      openSource: (url) => new EventSource(url),
      channel: 'BroadcastChannel' in window ? new BroadcastChannel('ops-live') : null,
      lock: webLock(),
      onEvent: (event) => {
        for (const subscription of subscriptions.current) subscription.onEvent(event);
      },
      onState: setState,
    });
    hub.current = created;
    created.start({ isVisible: document.visibilityState === 'visible' });
    rewish();
    const visibility = () => document.visibilityState === 'visible' && created.becameVisible();
    document.addEventListener('visibilitychange', visibility);
    return () => {
      document.removeEventListener('visibilitychange', visibility);
      hub.current = null;
      created.stop();
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
  const topics = [...Object.keys(wish.runs), ...wish.environments].sort().join(' ');
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

/** Reads the page's data again when one of the environments changed, at most every 400 ms and never while it loads. */
export function useLiveEnvironments(environments: { service: string; environment: string }[]): void {
  const revalidate = useSafeRevalidate();
  const timer = useRef<ReturnType<typeof setTimeout>>();
  useEffect(() => () => clearTimeout(timer.current), []);
  const names = environments.map(({ service, environment }) => `${service}/${environment}`);
  const ask = () => {
    if (timer.current) return;
    timer.current = setTimeout(() => {
      timer.current = undefined;
      revalidate();
    }, REVALIDATE_GAP_MS);
  };
  useLive({ runs: {}, environments: names }, (event) => {
    if (event.name === 'environment' || event.name === 'resync') ask();
  });
}
