// Counts of test reports. A report that is missing or cut short counts nothing; its stage has failed then anyway.
import { existsSync, readFileSync } from 'node:fs';

/**
 * @typedef {{ passed: number, failed: number, failures: string[] }} Counts `failures`: each failed test and why, on one line
 * @typedef {{ name: string, seconds: number, ok: boolean, passed?: number, failed?: number, failures?: string[] }} Outcome
 */

/** @param {string} file a report of vitest's `json` reporter @returns {Counts} */
export function countVitest(file) {
  const report = readReport(file);
  const failed = (report?.testResults ?? [])
    .flatMap(({ assertionResults }) => assertionResults)
    .filter(({ status }) => status === 'failed');
  return {
    passed: report?.numPassedTests ?? 0,
    failed: report?.numFailedTests ?? 0,
    failures: failed.map(({ fullName, failureMessages }) => failureLine(fullName, failureMessages[0])),
  };
}

/** A test that passed only when repeated counts as failed. @param {string} file a report of Playwright's `json` reporter @returns {Counts} */
export function countPlaywright(file) {
  const report = readReport(file);
  const stats = report?.stats;
  return {
    passed: stats?.expected ?? 0,
    failed: (stats?.unexpected ?? 0) + (stats?.flaky ?? 0),
    failures: (report?.suites ?? []).flatMap(specsOf).flatMap(failuresOfSpec),
  };
}

function specsOf({ specs = [], suites = [] }) {
  return [...specs, ...suites.flatMap(specsOf)];
}

function failuresOfSpec({ title, tests }) {
  return tests
    .filter(({ status }) => status === 'unexpected' || status === 'flaky')
    .map(({ projectName, results }) => {
      const message = results.find(({ error }) => error)?.error.message;
      return failureLine(`[${projectName}] ${title}`, message);
    });
}

const MOST_OF_A_REASON = 300;

function failureLine(name, message = 'without a message') {
  // Colours say nothing in a log.
  const plain = message.replaceAll(new RegExp(`${String.fromCharCode(27)}\\[[\\d;]*m`, 'g'), '');
  return `${name}: ${plain.replaceAll(/\s+/g, ' ').slice(0, MOST_OF_A_REASON)}`;
}

/**
 * Sums up: a stage with tests counts its tests, any other stage counts as one, and a stage that failed without a failed
 * test counts as one failure. Pure.
 * @param {Outcome[]} outcomes
 * @returns {{ passed: number, failed: number, lines: string[] }}
 */
export function summarise(outcomes) {
  let passed = 0;
  let failed = 0;
  const lines = [];
  for (const outcome of outcomes) {
    const tests = (outcome.passed ?? 0) + (outcome.failed ?? 0);
    passed += outcome.passed ?? 0;
    failed += outcome.failed ?? 0;
    const isPlainPass = tests === 0 && outcome.ok;
    if (isPlainPass) passed += 1;
    if (!outcome.ok && (outcome.failed ?? 0) === 0) failed += 1;
    const counts = tests > 0 ? `${outcome.passed} passed, ${outcome.failed} failed` : '';
    const mark = outcome.ok ? 'ok    ' : 'FAILED';
    lines.push(
      `${mark} ${outcome.name.padEnd(13)} ${outcome.seconds.toFixed(1).padStart(6)} s  ${counts}`.trimEnd(),
    );
  }
  // Last, where whoever reads only the end of a log sees them.
  for (const { name, failures = [] } of outcomes)
    for (const failure of failures) lines.push(`FAILED ${name}: ${failure}`);
  const names = outcomes.filter((outcome) => !outcome.ok).map((outcome) => outcome.name);
  if (names.length > 0) lines.push(`Failed: ${names.join(', ')}`);
  return { passed, failed, lines };
}

function readReport(file) {
  if (!existsSync(file)) return null;
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return null;
  }
}
