import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { countPlaywright, countVitest, summarise } from './results.mjs';
import { checkSource } from './sources.mjs';

describe('summarise', () => {
  it('counts tests where there are any and the stage itself where there are none', () => {
    const { passed, failed, lines } = summarise([
      { name: 'lint', seconds: 1, ok: true },
      { name: 'unit', seconds: 2, ok: true, passed: 40, failed: 0 },
      { name: 'db', seconds: 3, ok: false, passed: 8, failed: 1, failures: ['a list: no rows'] },
    ]);
    expect({ passed, failed }).toEqual({ passed: 49, failed: 1 });
    expect(lines.slice(-2)).toEqual(['FAILED db: a list: no rows', 'Failed: db']);
  });

  it('counts a stage that broke without a failed test', () => {
    expect(summarise([{ name: 'unit', seconds: 1, ok: false, passed: 3, failed: 0 }])).toMatchObject({
      passed: 3,
      failed: 1,
    });
    expect(summarise([{ name: 'types', seconds: 1, ok: false }])).toMatchObject({ passed: 0, failed: 1 });
  });

  it('takes a report that does not exist for no tests', () => {
    expect(countVitest('/no/such/report.json')).toEqual({ passed: 0, failed: 0, failures: [] });
    expect(countPlaywright('/no/such/report.json')).toEqual({ passed: 0, failed: 0, failures: [] });
  });

  it('names each failed test with its reason on one line', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'results-'));
    const write = (name: string, report: object) => {
      const file = path.join(folder, name);
      writeFileSync(file, JSON.stringify(report));
      return file;
    };
    const vitest = write('vitest.json', {
      numPassedTests: 1,
      numFailedTests: 1,
      testResults: [
        {
          assertionResults: [
            { fullName: 'a passes', status: 'passed', failureMessages: [] },
            { fullName: 'a fails', status: 'failed', failureMessages: ['expected 1\n  to be 2'] },
          ],
        },
      ],
    });
    expect(countVitest(vitest)).toEqual({ passed: 1, failed: 1, failures: ['a fails: expected 1 to be 2'] });
    const test = (status: string, message?: string) => ({
      projectName: 'phone',
      status,
      results: [{ error: message === undefined ? undefined : { message } }],
    });
    const playwright = write('playwright.json', {
      stats: { expected: 1, unexpected: 1, flaky: 0 },
      suites: [
        {
          specs: [{ title: 'passes', tests: [test('expected')] }],
          suites: [{ specs: [{ title: 'fails', tests: [test('unexpected', '\u001b[31mtoo late')] }] }],
        },
      ],
    });
    expect(countPlaywright(playwright)).toEqual({
      passed: 1,
      failed: 1,
      failures: ['[phone] fails: too late'],
    });
    rmSync(folder, { recursive: true });
  });
});

/** Put together, so that this file is not what it looks for. */
const CONSTRUCTION = `const c = new ${'Prisma'}Client({});\n`;

describe('checkSource', () => {
  it('allows 400 lines and refuses 401', () => {
    expect(checkSource('a.ts', 'x\n'.repeat(400))).toEqual([]);
    expect(checkSource('a.ts', 'x\n'.repeat(401))).toEqual([expect.stringContaining('401 lines')]);
  });

  it('refuses barrels and a second maker of Prisma clients', () => {
    expect(checkSource('server/a/index.ts', "export * from './b';\n")).toHaveLength(1);
    expect(checkSource('server/a/queries.ts', CONSTRUCTION)).toHaveLength(1);
    expect(checkSource('server/platform/db.ts', CONSTRUCTION)).toEqual([]);
  });
});
