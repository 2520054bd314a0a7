import { memo } from 'react';
import type { LogChunk } from '#app/components/live/log-buffer';
import { cn } from '#app/lib/cn';
import { formatUtcTime, stripAnsi } from '#app/lib/format';
import type { RunLogLine } from '#server/runs/contract';

/** A line is a target for a finger or a pointer: 24 px, the least that WCAG 2.2 asks for. */
const LINE_PX = 24;

interface ChunkProps {
  chunk: LogChunk;
  /** Only the lines of this step. */
  step: number | null;
  /** The step of the line before the chunk; null at the start. */
  stepBefore: number | null;
  titles: readonly string[];
  marked: number | null;
}

/** A block of lines. A browser skips the layout of blocks that are out of sight, and React those that did not change. */
export const LogChunkView = memo(function LogChunkView({
  chunk,
  step,
  stepBefore,
  titles,
  marked,
}: ChunkProps) {
  const lines = step === null ? chunk.lines : chunk.lines.filter((line) => line.stepIndex === step);
  if (lines.length === 0) return null;
  let before = step === null ? stepBefore : step;
  return (
    <div
      className="log-chunk"
      style={{ contentVisibility: 'auto', containIntrinsicSize: `auto ${lines.length * LINE_PX}px` }}
    >
      {lines.map((line) => {
        const isNewStep = line.stepIndex !== before;
        before = line.stepIndex;
        return (
          <LogLine
            key={line.seq}
            line={line}
            heading={isNewStep ? (titles[line.stepIndex] ?? null) : null}
            isMarked={marked === line.seq}
          />
        );
      })}
    </div>
  );
});

function LogLine({
  line,
  heading,
  isMarked,
}: {
  line: RunLogLine;
  heading: string | null;
  isMarked: boolean;
}) {
  return (
    <>
      {heading ? (
        <p className="sticky top-0 z-10 flex h-6 items-center border-y border-line bg-sunken pl-3 font-sans text-s font-semibold text-ink first:border-t-0">
          {heading}
        </p>
      ) : null}
      <div
        id={`L${line.seq}`}
        className={cn(
          'group/line grid min-h-6 grid-cols-[3.5rem_minmax(0,1fr)] leading-5 target:bg-herb-soft hover:bg-hover md:grid-cols-[3.5rem_6.25rem_minmax(0,1fr)]',
          isMarked && 'bg-herb-soft',
        )}
      >
        <a
          href={`#L${line.seq}`}
          className="py-0.5 pr-3 text-right text-faint no-underline select-none hover:text-ink hover:underline"
        >
          {line.seq}
        </a>
        <time dateTime={line.at} className="hidden py-0.5 text-faint select-none md:block">
          {formatUtcTime(line.at)}
        </time>
        <span
          className={cn(
            'py-0.5 pr-3 break-words whitespace-pre-wrap [overflow-wrap:anywhere]',
            line.stream === 'stderr' && 'border-l-2 border-warning pl-2 text-warning',
            line.stream === 'system' && 'border-l-2 border-info pl-2 text-info',
          )}
        >
          {line.stream === 'stdout' ? null : <span className="sr-only">{line.stream}: </span>}
          {stripAnsi(line.text) || '\u00a0'}
        </span>
      </div>
    </>
  );
}
