import {
  createContext,
  type ReactNode,
  useCallback,
  useContext,
  useState,
  useSyncExternalStore,
} from 'react';

/** The server's time as the browser knows it: what the page was rendered at, and how far its own clock is off. */
interface Clock {
  readonly initial: number;
  /** Server time minus browser time, ms. The largest seen is the one with the least transit time in it. */
  offset: number;
}

const ClockContext = createContext<Clock>({ initial: 0, offset: 0 });

/** Gives times below it one `now`: the server's while the page is hydrated, then a ticking one. */
export function ClockProvider({ serverNow, children }: { serverNow: string; children: ReactNode }) {
  const [clock] = useState<Clock>(() => {
    const initial = Date.parse(serverNow);
    return { initial, offset: typeof document === 'undefined' ? 0 : initial - Date.now() };
  });
  return <ClockContext.Provider value={clock}>{children}</ClockContext.Provider>;
}

/** The server's time now, ms since the epoch, renewed every `periodMs`; the same on the server and while hydrating. */
export function useNow(periodMs: number): number {
  const clock = useContext(ClockContext);
  const subscribe = useCallback(
    (changed: () => void) => {
      const timer = setInterval(changed, periodMs);
      return () => clearInterval(timer);
    },
    [periodMs],
  );
  return useSyncExternalStore(
    subscribe,
    () => Math.floor((Date.now() + clock.offset) / periodMs) * periodMs,
    () => clock.initial,
  );
}

/** Takes a server time (ISO 8601) that has just arrived, so that running clocks agree with the server's. */
export function useObserveServerTime(): (iso: string) => void {
  const clock = useContext(ClockContext);
  return useCallback(
    (iso) => {
      clock.offset = Math.max(clock.offset, Date.parse(iso) - Date.now());
    },
    [clock],
  );
}

const never = () => () => undefined;

/** False on the server and while hydrating, true after: for what only a browser knows, such as its time zone. */
export function useHydrated(): boolean {
  return useSyncExternalStore(
    never,
    () => true,
    () => false,
  );
}
