import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineView } from '#server/cli/ops/follow/line-view';
import { LiveView, renderFrame } from '#server/cli/ops/follow/live-view';
import { lengthOf } from '#server/cli/ops/output/format';
import { createPaint } from '#server/cli/ops/output/paint';
import { STEP_STATUSES } from '#server/runs/contract';
import { exampleLine, exampleRun, exampleStep, inRun } from '#server/testing/run-fixtures';
import { ESCAPE, testTerminal, withoutEscapes } from '#server/testing/terminal';

const plain = createPaint(false);
const PAINTED = new RegExp(`${ESCAPE}\\[3\\dm[^${ESCAPE}]*${ESCAPE}\\[0m`, 'g');
const UP = new RegExp(`^${ESCAPE}\\[(\\d+)A`);
const MOVES = new RegExp(`(\\n|${ESCAPE}\\[\\d+A\\r|${ESCAPE}\\[J|${ESCAPE}\\[\\?25[lh])`);

function lineView(afterSeq = 0, marks = false) {
  const written: string[] = [];
  const view = new LineView(
    {
      write: (line) => written.push(line),
      note: (text) => written.push(`note: ${text}`),
      paint: plain,
      marks,
    },
    afterSeq,
  );
  return { view, written };
}

const lint = exampleStep(0, 'lint', 'succeeded', [0, 1.2]);
const gate = exampleStep(1, 'gate', 'failed', [2, 4], { error: 'no good answer', exitCode: 3 });
const notBegun = exampleStep(2, 'switch', 'pending');
const lines = [
  exampleLine(1, 0, 'Checked 66 files'),
  exampleLine(2, 0, 'all well'),
  exampleLine(3, 1, 'ECONNREFUSED'),
];
const whole = [
  '12:03:00Z  lint    running',
  '12:03:01Z  lint    | Checked 66 files',
  '12:03:02Z  lint    | all well',
  '12:03:01Z  lint    succeeded  1.2 s',
  '12:03:02Z  gate    running',
  '12:03:03Z  gate    | ECONNREFUSED',
  '12:03:04Z  gate    failed  2.0 s  exit code 3  no good answer',
];

describe('a run as lines', () => {
  it('has each step around its log, whether state or log comes first', () => {
    const end = exampleRun('failed', [lint, gate, notBegun], { lastLogSeq: 3 });
    const first = lineView();
    first.view.state(end);
    first.view.lines(lines);
    first.view.close();
    expect(first.written).toEqual(whole);

    const second = lineView();
    second.view.state(
      exampleRun(
        'queued',
        [0, 1, 2].map((index) => exampleStep(index, ['lint', 'gate', 'switch'][index] ?? '', 'pending')),
      ),
    );
    second.view.lines(lines);
    expect(second.written.slice(1, 3)).toEqual(whole.slice(1, 3));
    // The line of the gate waits for the end of lint.
    expect(second.written).toHaveLength(3);
    second.view.state(end);
    second.view.close();
    expect(second.written.slice(3)).toEqual(whole.slice(3));
  });

  it('is the same in whichever pieces it comes, each piece once', () => {
    const state = (known: number) =>
      exampleRun(
        'running',
        [
          known >= 3 ? lint : exampleStep(0, 'lint', 'running', [0]),
          known >= 3 ? exampleStep(1, 'gate', 'running', [2]) : exampleStep(1, 'gate', 'pending'),
          notBegun,
        ],
        {
          lastLogSeq: known,
        },
      );
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat({ max: 3 }), fc.nat({ max: 3 })), { maxLength: 8 }), (pieces) => {
        const { view, written } = lineView();
        view.state(state(0));
        let sent = 0;
        let known = 0;
        for (const [more, seen] of pieces) {
          const upTo = Math.min(3, sent + more);
          if (upTo > sent) view.lines(lines.slice(sent, upTo));
          sent = upTo;
          known = Math.max(known, Math.min(3, seen));
          view.state(state(known));
        }
        if (sent < 3) view.lines(lines.slice(sent));
        view.state(exampleRun('failed', [lint, gate, notBegun], { lastLogSeq: 3 }));
        view.close();
        expect(written).toEqual(whole);
      }),
    );
  });

  it('leaves out the steps before the first of the last lines', () => {
    const { view, written } = lineView(2);
    view.state(exampleRun('failed', [lint, gate, notBegun], { lastLogSeq: 3 }));
    view.lines(lines.slice(2));
    view.close();
    expect(written).toEqual(whole.slice(4));
  });

  it('tells a step again that is tried again', () => {
    const { view, written } = lineView();
    view.state(exampleRun('failed', [exampleStep(0, 'gate', 'failed', [0, 1])]));
    view.state(exampleRun('running', [exampleStep(0, 'gate', 'running', [5], { attempt: 2 })]));
    view.state(exampleRun('succeeded', [exampleStep(0, 'gate', 'succeeded', [5, 6], { attempt: 2 })]));
    expect(written).toEqual([
      '12:03:01Z  gate  failed  1.0 s',
      '12:03:05Z  gate  running',
      '12:03:06Z  gate  succeeded  1.0 s',
    ]);
  });

  it('has marks at a terminal, and never what a log tries to do to it', () => {
    const { view, written } = lineView(0, true);
    view.state(exampleRun('succeeded', [exampleStep(0, 'lint', 'succeeded', [0, 1])], { lastLogSeq: 1 }));
    view.lines([exampleLine(1, 0, '\u001b[2J\u001b]0;owned\u0007green')]);
    view.close();
    expect(written).toEqual([
      '12:03:00Z  lint  ● running',
      '12:03:01Z  lint  | green',
      '12:03:01Z  lint  ✓ succeeded  1.0 s',
    ]);
  });
});

describe('a run at a terminal', () => {
  const frame = (change: Partial<Parameters<typeof renderFrame>[0]> = {}) =>
    renderFrame({
      header: exampleRun('running'),
      state: exampleRun('running', [lint, exampleStep(1, 'gate', 'running', [2]), notBegun]),
      lastLine: 'asking /api/health',
      nowMs: Date.parse(inRun(5)),
      columns: 79,
      rows: 24,
      paint: plain,
      ...change,
    });

  it('shows its steps with the clock against its budget, and the last line of the running one', () => {
    expect(frame()).toEqual([
      '● Run #43  Deploy v1.3.0 to production  running',
      '  0:05 of 4:00',
      '  ✓ Lint    1.2 s',
      '  ● Gate    0:03',
      '      asking /api/health'.slice(2),
      '  ○ Switch',
    ]);
  });

  it('says when it is over budget, why a step failed, and that it has not begun', () => {
    expect(frame({ nowMs: Date.parse(inRun(250)) })[1]).toBe('  ✗ 4:10 of 4:00, over budget');
    const failed = frame({ state: exampleRun('failed', [lint, gate, notBegun]) });
    expect(failed[1]).toBe('  0:30 of 4:00');
    expect(failed.slice(3, 5)).toEqual(['  ✗ Gate    2.0 s  failed', '    no good answer']);
    expect(frame({ state: exampleRun('queued', [notBegun]) })[1]).toBe('  not begun; budget 4:00');
  });

  it('is never wider or higher than the terminal, with and without colours', () => {
    const step = fc.record({
      status: fc.constantFrom(...STEP_STATUSES),
      title: fc.string({ maxLength: 120 }),
      error: fc.option(fc.string({ maxLength: 120 })),
    });
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 40 }),
        fc.integer({ min: 20, max: 200 }),
        fc.integer({ min: 4, max: 60 }),
        fc.boolean(),
        (steps, columns, rows, isPainted) => {
          const state = exampleRun(
            'running',
            steps.map(({ status, ...change }, index) => exampleStep(index, 'x', status, [0, 1], change)),
          );
          const shown = frame({ state, columns, rows, paint: createPaint(isPainted) });
          expect(shown.length).toBeLessThanOrEqual(rows - 1);
          for (const line of shown) expect(lengthOf(withoutEscapes(line))).toBeLessThanOrEqual(columns);
        },
      ),
    );
  });

  it('paints marks only, so that nothing is said by colour alone', () => {
    const painted = frame({ paint: createPaint(true) });
    expect(painted.map(withoutEscapes)).toEqual(frame());
    expect(painted.join('\n').match(PAINTED)?.map(withoutEscapes)).toEqual(['●', '✓', '●']);
  });

  it('is redrawn in place, gives way to notes, and leaves the cursor as it was', () => {
    const terminal = testTerminal({ tty: true, now: Date.parse(inRun(0)) });
    const view = new LiveView(terminal.stdout, exampleRun('running'), plain, terminal.now);
    view.state(exampleRun('running', [exampleStep(0, 'gate', 'running', [0])]));
    view.lines([exampleLine(1, 0, 'first')]);
    view.note('The console cannot be reached.');
    view.state(exampleRun('succeeded', [exampleStep(0, 'gate', 'succeeded', [0, 30])]));
    view.close();
    const { text } = terminal.stdout;
    expect(text.startsWith('\u001b[?25l')).toBe(true);
    expect(text.endsWith('\u001b[?25h')).toBe(true);
    expect(screenOf(text)).toEqual([
      'The console cannot be reached.',
      '✓ Run #43  Deploy v1.3.0 to production  succeeded',
      '  0:30 of 4:00',
      '  ✓ Gate  30.0 s',
    ]);
  });
});

/** What is left on a screen that understands "up", "clear below" and line breaks. */
function screenOf(text: string): string[] {
  const screen: string[] = [];
  let row = 0;
  for (const part of text.split(MOVES)) {
    const up = UP.exec(part)?.[1];
    if (part === '\n') row += 1;
    else if (up) row -= Number(up);
    else if (part === `${ESCAPE}[J`) screen.length = row;
    else if (part !== '' && !part.startsWith(`${ESCAPE}[?`)) screen[row] = part;
  }
  return screen;
}
