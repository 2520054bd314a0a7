import { Form, Link, useSearchParams, useSubmit } from '@remix-run/react';
import { ArrowDown, ArrowUp, ScrollText } from 'lucide-react';
import { type MouseEvent, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { useLiveState } from '#app/components/live/live-provider';
import { Button } from '#app/components/ui/button';
import { EmptyState } from '#app/components/ui/notice';
import { useHydrated } from '#app/lib/clock';
import { formatCount, plural } from '#app/lib/format';
import { usePageLayoutEffect } from '#app/lib/use-page-layout-effect';
import { LogChunkView } from '#app/runs/log-chunk-view';
import { useRunLog } from '#app/runs/use-run-log';
import { isActive, type RunDetail, type RunLogLine } from '#server/runs/contract';

/** Nearer to the end than this counts as reading the newest lines, px. */
const NEAR_END_PX = 32;
/** The log: numbered, linkable by line, following the newest line until its reader scrolls up. */
export function LogPanel({ run, initial }: { run: RunDetail; initial: RunLogLine[] }) {
  const [search] = useSearchParams();
  const step = search.get('step') === null ? null : Number(search.get('step'));
  const [isFollowing, setFollowing] = useState(true);
  const { buffer, isLoading, loadEarlier, loadAround } = useRunLog(run, initial, { isFollowing });
  const box = useRef<HTMLElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const marked = useMarkedLine();
  const isRunning = isActive(run.status);
  const titles = useMemo(() => run.steps.map(({ title }) => title), [run.steps]);
  const stableTitles = useStableList(titles);

  // Once seen running it is followed to its very last line; where it went wrong is at the end as well.
  const [isTailed, setTailed] = useState(
    isRunning || run.status === 'failed' || run.status === 'needs_attention',
  );
  if (isRunning && !isTailed) setTailed(true);

  const toNewest = useCallback(() => {
    if (box.current) box.current.scrollTop = box.current.scrollHeight;
  }, []);

  // What is above grows: the line under the reader's eyes stays where it is.
  const before = useRef({ firstSeq: buffer.firstSeq, height: 0 });
  usePageLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const grewAbove = buffer.firstSeq < before.current.firstSeq;
    if (isFollowing && isTailed) toNewest();
    else if (grewAbove) element.scrollTop += element.scrollHeight - before.current.height;
    before.current = { firstSeq: buffer.firstSeq, height: element.scrollHeight };
  }, [buffer, isFollowing, isTailed, toNewest]);

  // Blocks that come into sight take their real height, and the end moves with them.
  useEffect(() => {
    if (!isFollowing || !isTailed || !content.current) return;
    const observer = new ResizeObserver(toNewest);
    observer.observe(content.current);
    return () => observer.disconnect();
  }, [isFollowing, isTailed, toNewest]);

  const isMarkedMissing =
    marked !== null &&
    marked <= buffer.lastSeq &&
    !buffer.chunks.some((chunk) => chunk.lines.some(isLine(marked)));
  const wanted = useRef<number | null>(null);
  useEffect(() => {
    if (marked === null || wanted.current === marked) return;
    setFollowing(false);
    if (isMarkedMissing) {
      if (!isLoading) loadAround(marked);
      return;
    }
    wanted.current = marked;
    document.getElementById(`L${marked}`)?.scrollIntoView({ block: 'center' });
  }, [marked, isMarkedMissing, isLoading, loadAround]);

  const scrolled = () => {
    const element = box.current;
    if (!element) return;
    setFollowing(element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_END_PX);
  };

  let stepBefore: number | null = null;
  return (
    <section
      aria-label="Log"
      className="print-flat flex min-w-0 flex-col overflow-hidden rounded-l bg-surface shadow-raised lg:sticky lg:top-16 lg:h-[calc(100dvh-5rem)]"
    >
      <LogToolbar run={run} step={step} count={buffer.count} isRunning={isRunning} />
      <section
        ref={box}
        onScroll={scrolled}
        aria-label="Lines of the log"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
        tabIndex={0}
        className="print-flat relative max-h-[70dvh] min-h-40 flex-1 overflow-auto overscroll-contain [overflow-anchor:none] lg:max-h-none"
      >
        {buffer.firstSeq > 1 ? (
          <Earlier firstSeq={buffer.firstSeq} isLoading={isLoading} onLoad={loadEarlier} />
        ) : null}
        <div ref={content} className="pb-2 font-mono text-s">
          {buffer.chunks.map((chunk) => {
            const view = (
              <LogChunkView
                key={chunk.index}
                chunk={chunk}
                step={step}
                stepBefore={stepBefore}
                titles={stableTitles}
                marked={marked !== null && chunk.lines.some(isLine(marked)) ? marked : null}
              />
            );
            stepBefore = chunk.lines[chunk.lines.length - 1]?.stepIndex ?? stepBefore;
            return view;
          })}
        </div>
        {buffer.count === 0 ? (
          <EmptyState icon={ScrollText} title={isRunning ? 'No line yet' : 'This run wrote no line'}>
            {isRunning ? 'Lines appear here as they are written.' : null}
          </EmptyState>
        ) : null}
      </section>
      {isRunning && !isFollowing ? (
        <div className="no-print pointer-events-none relative">
          <Button
            look="primary"
            className="pointer-events-auto absolute right-4 bottom-4 shadow-float"
            onClick={() => {
              setFollowing(true);
              toNewest();
            }}
          >
            <ArrowDown aria-hidden="true" size={15} />
            Jump to newest
          </Button>
        </div>
      ) : null}
    </section>
  );
}

const isLine = (seq: number) => (line: RunLogLine) => line.seq === seq;

function LogToolbar({
  run,
  step,
  count,
  isRunning,
}: {
  run: RunDetail;
  step: number | null;
  count: number;
  isRunning: boolean;
}) {
  const submit = useSubmit();
  const live = useLiveState();
  const isHydrated = useHydrated();
  return (
    <header className="flex min-h-11 flex-wrap items-center gap-x-3 gap-y-1 border-b border-line px-4 py-1">
      <h2 className="text-m">Log</h2>
      <p className="text-s text-muted">
        {count < run.lastLogSeq
          ? `${formatCount(count)} of ${plural(run.lastLogSeq, 'line')}`
          : plural(count, 'line')}
        {isRunning && isHydrated ? (live === 'reconnecting' ? ', reconnecting' : ', live') : ''}
      </p>
      <Form
        method="get"
        className="no-print ml-auto flex items-center gap-1"
        onChange={(event) => submit(event.currentTarget, { replace: true, preventScrollReset: true })}
      >
        <label>
          <span className="sr-only">Show the lines of</span>
          <select
            name="step"
            key={step ?? 'all'}
            defaultValue={step ?? ''}
            className="control w-auto max-w-48 border-line py-0.5"
          >
            <option value="">All steps</option>
            {run.steps.map((item) => (
              <option key={item.index} value={item.index}>
                {item.title}
              </option>
            ))}
          </select>
        </label>
        <noscript>
          <Button type="submit" size="s">
            Show
          </Button>
        </noscript>
      </Form>
    </header>
  );
}

function Earlier({
  firstSeq,
  isLoading,
  onLoad,
}: {
  firstSeq: number;
  isLoading: boolean;
  onLoad: () => void;
}) {
  const load = (event: MouseEvent) => {
    event.preventDefault();
    if (!isLoading) onLoad();
  };
  return (
    <Link
      to={`?after=${Math.max(0, firstSeq - 1_001)}`}
      preventScrollReset
      onClick={load}
      className="no-print hit flex items-center gap-1.5 border-b border-line px-3 text-muted no-underline hover:bg-hover hover:text-ink"
    >
      <ArrowUp aria-hidden="true" size={14} />
      {isLoading ? 'Loading earlier lines' : `Load earlier lines (${formatCount(firstSeq - 1)} before these)`}
    </Link>
  );
}

/** The line that the address names: `#L123`. */
function useMarkedLine(): number | null {
  const [marked, setMarked] = useState<number | null>(null);
  useEffect(() => {
    const read = () =>
      setMarked(Number(/^#L(\d{1,9})$/.exec(window.location.hash)?.[1] ?? Number.NaN) || null);
    read();
    window.addEventListener('hashchange', read);
    return () => window.removeEventListener('hashchange', read);
  }, []);
  return marked;
}

/** The same array as long as it holds the same texts, so that what was drawn with it need not be drawn again. */
function useStableList(list: string[]): string[] {
  const text = list.join('\n');
  return useMemo(() => text.split('\n'), [text]);
}
