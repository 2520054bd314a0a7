import type { OpsFailure } from '#server/cli/ops/failure';
import { createPaint, markOf, type Paint } from '#server/cli/ops/output/paint';
import { type Column, renderTable } from '#server/cli/ops/output/table';
import { type Terminal, widthOf } from '#server/cli/ops/terminal';

export interface ScreenOptions {
  json: boolean;
  quiet: boolean;
  /** False with --no-color. */
  color: boolean;
}

/**
 * What a command writes. Standard output carries the result and nothing else: lines for people, or one JSON document.
 * Plans, notices, questions and errors go to standard error.
 */
export class Screen {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly paint: Paint;
  readonly paintError: Paint;
  #hasDocument = false;

  constructor(
    readonly terminal: Terminal,
    options: ScreenOptions,
  ) {
    this.json = options.json;
    this.quiet = options.quiet;
    const isOn = options.color && !terminal.env.NO_COLOR && terminal.env.TERM !== 'dumb';
    this.paint = createPaint(isOn && terminal.stdout.isTTY === true);
    this.paintError = createPaint(isOn && terminal.stderr.isTTY === true);
  }

  /** Characters that a line of the result may have; null cuts nothing. */
  get width(): number | null {
    return widthOf(this.terminal.stdout);
  }

  get now(): number {
    return this.terminal.now();
  }

  /** The result: `value` as the JSON document, or lines for people. */
  show(value: unknown, lines: () => readonly string[]): void {
    if (this.json) this.document(value);
    else this.lines(lines());
  }

  table<T>(value: unknown, rows: readonly T[], columns: readonly Column<T>[], empty: string): void {
    this.show(value, () => {
      if (rows.length > 0) return renderTable(rows, columns, { width: this.width, paint: this.paint });
      this.notice(empty);
      return [];
    });
  }

  /** Lines of the result for people; none with --json. */
  lines(lines: readonly string[]): void {
    if (!this.json) for (const line of lines) this.terminal.stdout.write(`${line}\n`);
  }

  /** The JSON document of this call; there is one. */
  document(value: unknown): void {
    if (this.#hasDocument) throw new Error('A command wrote two JSON documents');
    this.#hasDocument = true;
    this.terminal.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
  }

  /** One line of newline-delimited JSON, for results that have no end. */
  record(value: unknown): void {
    this.#hasDocument = true;
    this.terminal.stdout.write(`${JSON.stringify(value)}\n`);
  }

  /** What is good to know, unless --quiet. */
  notice(text: string): void {
    if (!this.quiet) this.terminal.stderr.write(`${text}\n`);
  }

  /** What must be known. */
  warn(text: string): void {
    this.terminal.stderr.write(`${this.paintError('warning', markOf('warning'))} ${text}\n`);
  }

  /** What must not be overlooked. */
  shout(lines: readonly string[]): void {
    for (const line of lines) this.terminal.stderr.write(`${this.paintError('critical', `!! ${line}`)}\n`);
  }

  /** Why it went wrong, for people on standard error and, with --json, as the document. */
  fail(failure: OpsFailure): void {
    const { message, hint, fields, kind, exitCode } = failure;
    this.terminal.stderr.write(`${this.paintError('critical', markOf('critical'))} ${message}\n`);
    for (const [field, problems] of Object.entries(fields ?? {})) {
      if (!message.includes(problems.join(' ')))
        this.terminal.stderr.write(`  ${field}: ${problems.join(' ')}\n`);
    }
    if (hint) this.terminal.stderr.write(`  ${hint}\n`);
    if (this.json && !this.#hasDocument) this.document({ error: { kind, message, hint, fields }, exitCode });
  }
}
