import type { RunView } from '#server/cli/ops/follow/view';
import type { RunState } from '#server/cli/ops/follow/watch';
import { clean, duration, second } from '#server/cli/ops/output/format';
import { markOf, type Paint, stateOfStep, wordOf } from '#server/cli/ops/output/paint';
import type { RunLogLine, RunStepView } from '#server/runs/contract';

export interface LineViewOptions {
  write: (line: string) => void;
  note: (text: string) => void;
  paint: Paint;
  /** Marks stand before states at a terminal; a pipe gets words alone. */
  marks: boolean;
}

/**
 * A run as plain lines: `12:03:04Z  gate  succeeded  1.2 s` for a step and `12:03:04Z  gate  | text` for its log. Lines
 * and state come by themselves; a step's end stands behind its last line and before the first one of the next.
 */
export class LineView implements RunView {
  readonly #options: LineViewOptions;
  readonly #told = new Map<number, string>();
  #waiting: RunLogLine[] = [];
  #state: RunState | null = null;
  #lastSeq: number;
  #width = 0;
  #beginsInside: boolean;

  constructor(options: LineViewOptions, afterSeq = 0) {
    this.#options = options;
    this.#lastSeq = afterSeq;
    this.#beginsInside = afterSeq > 0;
  }

  lines(lines: readonly RunLogLine[]): void {
    this.#waiting.push(...lines);
    this.#lastSeq = lines.at(-1)?.seq ?? this.#lastSeq;
    this.#print();
  }

  state(state: RunState): void {
    this.#state = state;
    this.#width = Math.max(...state.steps.map(({ key }) => key.length));
    this.#print();
  }

  note(text: string): void {
    this.#options.note(text);
  }

  close(): void {
    for (const line of this.#waiting.splice(0)) this.#log(line);
    for (const step of this.#state?.steps ?? []) this.#step(step);
  }

  #print(): void {
    const steps = this.#state?.steps;
    if (!steps) return;
    this.#leaveOut(steps);
    while (this.#waiting.length > 0) {
      const line = this.#waiting[0] as RunLogLine;
      // The end of what came before is not known yet: it will be in the state that follows.
      if (steps.some((step) => step.index < line.stepIndex && !hasEnded(step))) break;
      for (const step of steps) if (step.index < line.stepIndex) this.#step(step);
      this.#start(
        steps.find((step) => step.index === line.stepIndex),
        line.at,
      );
      this.#log(line);
      this.#waiting.shift();
    }
    const isCaughtUp =
      !this.#beginsInside && this.#waiting.length === 0 && this.#lastSeq >= (this.#state?.lastLogSeq ?? 0);
    if (isCaughtUp) for (const step of steps) this.#step(step);
  }

  /** Of a log that begins in the middle, the steps before are left out as well. */
  #leaveOut(steps: readonly RunStepView[]): void {
    const first = this.#waiting[0];
    if (!this.#beginsInside || !first) return;
    this.#beginsInside = false;
    for (const step of steps) {
      if (step.index < first.stepIndex) this.#told.set(step.index, `${step.attempt} ${step.status}`);
    }
  }

  #start(step: RunStepView | undefined, at: string): void {
    if (!step || this.#told.get(step.index)?.startsWith(`${step.attempt} `)) return;
    this.#told.set(step.index, `${step.attempt} running`);
    this.#line(step.startedAt ?? at, step.key, this.#word('running'));
  }

  #step(step: RunStepView): void {
    if (step.status === 'pending') return;
    if (step.status === 'running') {
      this.#start(step, step.startedAt ?? '');
      return;
    }
    const now = `${step.attempt} ${step.status}`;
    if (this.#told.get(step.index) === now) return;
    this.#told.set(step.index, now);
    const at = step.endedAt ?? step.startedAt ?? this.#state?.endedAt ?? this.#state?.readAt;
    const parts = [
      this.#word(step.status),
      step.durationMs === null ? null : duration(step.durationMs),
      step.exitCode ? `exit code ${step.exitCode}` : null,
      step.error ? clean(step.error) : null,
    ];
    this.#line(at ?? '', step.key, parts.filter((part) => part !== null).join('  '));
  }

  #word(status: RunStepView['status']): string {
    const state = stateOfStep(status);
    const text = this.#options.marks ? `${markOf(state)} ${wordOf(status)}` : wordOf(status);
    return this.#options.paint(state, text);
  }

  #log(line: RunLogLine): void {
    const key = this.#state?.steps.find((step) => step.index === line.stepIndex)?.key ?? '';
    this.#line(line.at, key, `| ${clean(line.text)}`);
  }

  #line(at: string, key: string, text: string): void {
    const time = at === '' ? ' '.repeat(9) : second(at);
    this.#options.write(`${time}  ${key.padEnd(this.#width)}  ${text}`.trimEnd());
  }
}

function hasEnded(step: RunStepView): boolean {
  return step.status !== 'pending' && step.status !== 'running';
}
