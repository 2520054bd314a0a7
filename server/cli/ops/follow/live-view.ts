import type { RunHeader, RunView } from '#server/cli/ops/follow/view';
import type { RunState } from '#server/cli/ops/follow/watch';
import { clean, clock, cut, duration, lengthOf } from '#server/cli/ops/output/format';
import {
  markOf,
  type Paint,
  type State,
  stateOfRun,
  stateOfStep,
  wordOf,
} from '#server/cli/ops/output/paint';
import type { Sink } from '#server/cli/ops/terminal';
import type { RunLogLine, RunStepView } from '#server/runs/contract';

const TICK_MS = 250;
const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';

export interface FrameInput {
  header: RunHeader;
  state: RunState;
  /** The newest line of the step that runs. */
  lastLine: string | null;
  /** The database's clock now, ms since the epoch. */
  nowMs: number;
  columns: number;
  rows: number;
  paint: Paint;
}

/** What a terminal shows of a run at one moment, one entry each line, none wider or higher than the terminal. Pure. */
export function renderFrame(input: FrameInput): string[] {
  const { header, state, paint, columns } = input;
  const ofRun = stateOfRun(state.status);
  const title = `Run #${header.number}  ${clean(header.title)}  ${wordOf(state.status)}`;
  const head = [marked('', ofRun, title, columns, paint), budgetLine(input)];
  const width = Math.max(0, ...state.steps.map((step) => lengthOf(clean(step.title))));
  const steps = state.steps.flatMap((step) => stepLines(step, width, input));
  const room = Math.max(1, input.rows - 1 - head.length);
  return [...head, ...endOf(steps, room, columns)];
}

function budgetLine({ header, state, nowMs, columns, paint }: FrameInput): string {
  if (!state.startedAt) return cut(`  not begun; budget ${clock(header.budgetMs)}`, columns);
  const endMs = state.endedAt ? Date.parse(state.endedAt) : nowMs;
  const spentMs = endMs - Date.parse(state.startedAt);
  const isOver = spentMs > header.budgetMs;
  const text = `${clock(spentMs)} of ${clock(header.budgetMs)}`;
  return isOver
    ? marked('  ', 'critical', `${text}, over budget`, columns, paint)
    : cut(`  ${text}`, columns);
}

function stepLines(step: RunStepView, width: number, input: FrameInput): string[] {
  const { columns, nowMs, paint } = input;
  const state = stateOfStep(step.status);
  const spentMs = step.durationMs ?? (step.startedAt ? nowMs - Date.parse(step.startedAt) : null);
  const time = spentMs === null ? '' : step.status === 'running' ? clock(spentMs) : duration(spentMs);
  const word = ['pending', 'running', 'succeeded'].includes(step.status) ? '' : wordOf(step.status);
  const text = [clean(step.title).padEnd(width), time, word].filter(Boolean).join('  ').trimEnd();
  const lines = [marked('  ', state, text, columns, paint)];
  if (step.error) lines.push(cut(`    ${clean(step.error)}`, columns));
  else if (step.status === 'running' && input.lastLine)
    lines.push(cut(`    ${clean(input.lastLine)}`, columns));
  return lines;
}

/** A line behind the mark of its state, which alone is painted; cut before, so that no escape sequence is. */
function marked(indent: string, state: State, text: string, columns: number, paint: Paint): string {
  const rest = cut(` ${text}`, columns - indent.length - 1);
  return `${indent}${paint(state, markOf(state))}${rest}`;
}

/** The end of a list that is too long, with a word about what is above. */
function endOf(lines: string[], room: number, columns: number): string[] {
  if (lines.length <= room) return lines;
  return [
    cut(`  … ${lines.length - room + 1} more lines above`, columns),
    ...lines.slice(lines.length - room + 1),
  ];
}

/** A run's steps with their clocks, redrawn in place at a terminal. */
export class LiveView implements RunView {
  readonly #timer: NodeJS.Timeout;
  readonly #redraw = () => this.#draw();
  #state: RunState | null = null;
  #lastLine: { stepIndex: number; text: string } | null = null;
  /** The database's clock ahead of ours, ms. */
  #aheadMs = 0;
  #drawn = 0;

  constructor(
    readonly sink: Sink,
    readonly header: RunHeader,
    readonly paint: Paint,
    readonly now: () => number,
  ) {
    sink.write(HIDE_CURSOR);
    this.#timer = setInterval(this.#redraw, TICK_MS);
    sink.on?.('resize', this.#redraw);
  }

  lines(lines: readonly RunLogLine[]): void {
    const last = lines.at(-1);
    if (last) this.#lastLine = { stepIndex: last.stepIndex, text: last.text };
  }

  state(state: RunState): void {
    this.#state = state;
    this.#aheadMs = Date.parse(state.readAt) - this.now();
    this.#draw();
  }

  note(text: string): void {
    this.#erase();
    this.sink.write(`${text}\n`);
    this.#draw();
  }

  close(): void {
    clearInterval(this.#timer);
    this.sink.off?.('resize', this.#redraw);
    this.#draw();
    this.sink.write(SHOW_CURSOR);
  }

  #draw(): void {
    if (!this.#state) return;
    const running = this.#state.steps.find((step) => step.status === 'running');
    const frame = renderFrame({
      header: this.header,
      state: this.#state,
      lastLine: this.#lastLine?.stepIndex === running?.index ? (this.#lastLine?.text ?? null) : null,
      nowMs: this.now() + this.#aheadMs,
      columns: Math.max(20, (this.sink.columns ?? 80) - 1),
      rows: this.sink.rows ?? 24,
      paint: this.paint,
    });
    this.#erase();
    this.sink.write(frame.map((line) => `${line}\n`).join(''));
    this.#drawn = frame.length;
  }

  /** Back to the first line of the frame, with everything below it cleared. */
  #erase(): void {
    if (this.#drawn > 0) this.sink.write(`\u001b[${this.#drawn}A\r\u001b[J`);
    this.#drawn = 0;
  }
}
