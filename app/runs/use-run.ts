import { useEffect, useState } from 'react';
import { useLive } from '#app/components/live/live-provider';
import { useObserveServerTime } from '#app/lib/clock';
import { useSafeRevalidate } from '#app/lib/use-safe-revalidate';
import { summaryWithSnapshot, withSnapshot } from '#app/runs/run-state';
import {
  isActive,
  isUnended,
  type RunDetail,
  type RunSnapshot,
  type RunSummary,
} from '#server/runs/contract';

/** More than any line has: this part of the page wants the run's state, not its log. */
const NO_LINES = 999_999_999;

/** A loaded run that follows the event stream; when its status changes, the page's other data is read again. */
export function useRun(loaded: RunDetail): RunDetail {
  const [snapshot, setSnapshot] = useState<RunSnapshot | null>(null);
  const observe = useObserveServerTime();
  const revalidate = useSafeRevalidate();
  const run = withSnapshot(loaded, snapshot);
  useLive({ runs: isUnended(run.status) ? { [run.id]: NO_LINES } : {}, environments: [] }, (event) => {
    if (event.name !== 'run' || event.snapshot.id !== loaded.id) return;
    observe(event.snapshot.readAt);
    setSnapshot(event.snapshot);
  });
  useEffect(() => observe(loaded.readAt), [observe, loaded.readAt]);
  const isBehind = run.status !== loaded.status;
  useEffect(() => {
    if (isBehind) revalidate();
  }, [isBehind, revalidate]);
  return run;
}

/** A run's one-line account that follows the event stream while the run goes on. */
export function useRunSummary(loaded: RunSummary): RunSummary {
  const [snapshot, setSnapshot] = useState<RunSnapshot | null>(null);
  const observe = useObserveServerTime();
  const isFollowed = isActive(loaded.status);
  useLive({ runs: isFollowed ? { [loaded.id]: NO_LINES } : {}, environments: [] }, (event) => {
    if (event.name !== 'run' || event.snapshot.id !== loaded.id) return;
    observe(event.snapshot.readAt);
    setSnapshot(event.snapshot);
  });
  return isFollowed ? summaryWithSnapshot(loaded, snapshot) : loaded;
}
