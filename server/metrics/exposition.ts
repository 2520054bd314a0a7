import type { MetricKind } from '#server/metrics/contract';
import type { Labels } from '#server/metrics/labels';

/** A line of an exposition. `value` may be NaN or infinite. */
export interface ExposedSample {
  name: string;
  kind: MetricKind;
  labels: Labels;
  value: number;
  /** ms since 1970; null when the line has none, as is usual. */
  atMs: number | null;
  line: number;
}

/** What is wrong with an exposition, and in which line. */
export class ExpositionError extends Error {
  override name = 'ExpositionError';
  constructor(
    readonly line: number,
    readonly fault: string,
  ) {
    super(`Line ${line}: ${fault}`);
  }
}

const TYPES = ['counter', 'gauge', 'histogram', 'summary', 'untyped'] as const;
type Type = (typeof TYPES)[number];
const NAME = /[a-zA-Z_:][a-zA-Z0-9_:]*/y;
const LABEL = /[a-zA-Z_][a-zA-Z0-9_]*/y;
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const BLANK = /[ \t]*/y;

/**
 * Reads the Prometheus text format 0.0.4, strictly: a text of which one line is wrong brings nothing, since nobody knows
 * what the rest is worth. Lines end with a line feed, the last one too.
 * @throws ExpositionError
 */
export function parseExposition(text: string): ExposedSample[] {
  if (text === '') return [];
  const lines = text.split('\n');
  if (lines.pop() !== '')
    throw new ExpositionError(lines.length + 1, 'The text ends in the middle of a line.');
  const types = new Map<string, Type>();
  const seen = new Set<string>();
  const samples: ExposedSample[] = [];
  for (const [index, content] of lines.entries()) {
    const line = index + 1;
    const reader = new LineReader(content, line);
    reader.skipBlank();
    if (reader.isAtEnd()) continue;
    if (reader.take('#')) {
      readComment(reader, types, seen);
      continue;
    }
    const sample = readLine(reader, types);
    seen.add(familyOf(sample.name, types));
    samples.push(sample);
  }
  checkUnique(samples);
  return samples;
}

function checkUnique(samples: readonly ExposedSample[]): void {
  const keys = new Map<string, number>();
  for (const { name, labels, line } of samples) {
    const key = JSON.stringify([name, Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))]);
    const earlier = keys.get(key);
    if (earlier !== undefined)
      throw new ExpositionError(line, `The same series is in line ${earlier} already.`);
    keys.set(key, line);
  }
}

function readComment(reader: LineReader, types: Map<string, Type>, seen: ReadonlySet<string>): void {
  const words = reader
    .rest()
    .trim()
    .split(/[ \t]+/);
  if (words[0] !== 'TYPE') return;
  const [, name = '', type = ''] = words;
  if (!/^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(name))
    throw reader.fault('TYPE is followed by the name of a metric.');
  if (words.length !== 3 || !TYPES.some((each) => each === type)) {
    throw reader.fault(`"${type.slice(0, 40)}" is no type: ${TYPES.join(', ')} are.`);
  }
  if (types.has(name)) throw reader.fault(`The type of ${name} was given before.`);
  if (seen.has(name)) throw reader.fault(`The type of ${name} comes after its samples.`);
  types.set(name, type as Type);
}

function readLine(reader: LineReader, types: ReadonlyMap<string, Type>): ExposedSample {
  const name = reader.match(NAME) ?? '';
  if (name === '') throw reader.fault('A line begins with the name of a metric.');
  reader.skipBlank();
  const labels = reader.take('{') ? readLabels(reader) : {};
  const words = reader
    .rest()
    .trim()
    .split(/[ \t]+/);
  const [valueWord = '', timeWord] = words;
  if (valueWord === '') throw reader.fault('There is no value.');
  if (words.length > 2) throw reader.fault('After value and time comes nothing more.');
  if (timeWord !== undefined && !/^-?\d{1,15}$/.test(timeWord)) {
    throw reader.fault(`"${timeWord.slice(0, 40)}" is no time in milliseconds.`);
  }
  const value = readNumber(valueWord);
  if (value === null) throw reader.fault(`"${valueWord.slice(0, 40)}" is no number.`);
  const kind = kindOf(name, labels, types, reader);
  return {
    name,
    kind,
    labels,
    value,
    atMs: timeWord === undefined ? null : Number(timeWord),
    line: reader.line,
  };
}

function readLabels(reader: LineReader): Record<string, string> {
  const labels: Record<string, string> = {};
  reader.skipBlank();
  while (!reader.take('}')) {
    const name = reader.match(LABEL) ?? '';
    if (name === '') throw reader.fault('Here belongs the name of a label or }.');
    if (Object.hasOwn(labels, name)) throw reader.fault(`The label ${name} is there twice.`);
    reader.skipBlank();
    if (!reader.take('=')) throw reader.fault(`After the label ${name} comes =.`);
    reader.skipBlank();
    // Not by assignment: a label may be named __proto__.
    Object.defineProperty(labels, name, {
      value: reader.quoted(),
      enumerable: true,
      configurable: true,
      writable: true,
    });
    reader.skipBlank();
    if (!reader.take(',') && !reader.isAt('}')) throw reader.fault('After a label comes , or }.');
    reader.skipBlank();
  }
  return labels;
}

function readNumber(word: string): number | null {
  if (/^nan$/i.test(word)) return Number.NaN;
  const infinite = /^([+-]?)inf(inity)?$/i.exec(word);
  if (infinite) return infinite[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return NUMBER.test(word) ? Number(word) : null;
}

/** The metric whose type a series goes by: its own, or that of its histogram or summary. */
function familyOf(name: string, types: ReadonlyMap<string, Type>): string {
  const base = name.replace(/_(bucket|sum|count)$/, '');
  const type = types.get(base);
  const isPart = type === 'histogram' || (type === 'summary' && !name.endsWith('_bucket'));
  return base !== name && isPart ? base : name;
}

function kindOf(
  name: string,
  labels: Labels,
  types: ReadonlyMap<string, Type>,
  reader: LineReader,
): MetricKind {
  const family = familyOf(name, types);
  const type = types.get(family) ?? 'untyped';
  if (type === 'counter') return 'counter';
  if (type !== 'histogram' && type !== 'summary') return 'gauge';
  if (family === name) {
    if (type === 'summary') return 'gauge';
    throw reader.fault(`${name} is a histogram: it has only _bucket, _sum and _count.`);
  }
  if (!name.endsWith('_bucket')) return 'counter';
  if (labels.le === undefined) throw reader.fault('A bucket has the label le.');
  return 'histogram';
}

class LineReader {
  #at = 0;
  constructor(
    readonly text: string,
    readonly line: number,
  ) {}

  fault(what: string): ExpositionError {
    return new ExpositionError(this.line, what);
  }

  skipBlank(): void {
    this.match(BLANK);
  }

  match(pattern: RegExp): string | null {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.text)?.[0] ?? null;
    this.#at += found?.length ?? 0;
    return found;
  }

  isAt(character: string): boolean {
    return this.text[this.#at] === character;
  }

  take(character: string): boolean {
    const is = this.isAt(character);
    if (is) this.#at += 1;
    return is;
  }

  isAtEnd(): boolean {
    return this.#at >= this.text.length;
  }

  rest(): string {
    return this.text.slice(this.#at);
  }

  /** A text in quotes, in which \\, \" and \n are written with a backslash. */
  quoted(): string {
    if (!this.take('"')) throw this.fault('The value of a label is in quotes.');
    let value = '';
    for (;;) {
      const character = this.text[this.#at];
      if (character === undefined) throw this.fault('The value of a label has no end.');
      this.#at += 1;
      if (character === '"') return value;
      if (character !== '\\') {
        value += character;
        continue;
      }
      const escaped = this.text[this.#at] ?? '';
      const meant = { '\\': '\\', '"': '"', n: '\n' }[escaped];
      if (meant === undefined) throw this.fault(`\\${escaped} means nothing in the value of a label.`);
      this.#at += 1;
      value += meant;
    }
  }
}
