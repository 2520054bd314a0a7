import { messageOf } from '#server/platform/errors';
import { StepFailure, type StepIo } from '#server/runs/procedure';
import type { EnvironmentConfig } from '#server/services/config';

export interface EndpointResult {
  path: string;
  requests: number;
  failed: number;
  /** Median answer time, ms. */
  medianMs: number;
  lastFailure: string | null;
}

export interface ValidationResult {
  endpoints: EndpointResult[];
  /** Share of all requests that failed, 0 to 1. */
  errorRate: number;
}

/** A release may not answer slower than this many times the one before, and by more than the floor, without a word. */
const SLOWER_FACTOR = 2;
const SLOWER_FLOOR_MS = 100;
const REQUEST_TIMEOUT_MS = 10_000;

/**
 * Lets a validation in during maintenance: a release is deployed while visitors are turned away. The token goes to no
 * other place than the one that it is for.
 */
export function operatorHeaders({ control, url }: EnvironmentConfig): Record<string, string> {
  const isSamePlace = control && (!control.url || new URL(control.url).origin === new URL(url).origin);
  return isSamePlace ? { authorization: `Bearer ${control.token}` } : {};
}

/**
 * Asks the critical endpoints as a visitor would, `samples` times each and for at least `holdSeconds`.
 * @throws StepFailure naming every endpoint that failed or was too slow
 */
export async function validateRelease(
  io: StepIo,
  baseUrl: string,
  validation: EnvironmentConfig['validation'],
  options: {
    holdSeconds: number;
    expectedTag: string | null;
    before: ValidationResult | null;
    /** Sent along; see {@link operatorHeaders}. */
    headers?: Record<string, string>;
  },
): Promise<{ result: ValidationResult; warnings: string[] }> {
  const startedAt = performance.now();
  const samples = new Map(validation.endpoints.map((endpoint) => [endpoint.path, newSample(endpoint.path)]));
  const rounds = validation.samples;
  const pauseMs = Math.max(0, (options.holdSeconds * 1_000) / rounds - 5);
  for (let round = 0; round < rounds; round += 1) {
    await Promise.all(
      validation.endpoints.map((endpoint) =>
        ask(io, baseUrl, endpoint, samples.get(endpoint.path) as Sample, options),
      ),
    );
    if (pauseMs > 0 && performance.now() - startedAt < options.holdSeconds * 1_000) await io.sleep(pauseMs);
  }
  const left = options.holdSeconds * 1_000 - (performance.now() - startedAt);
  if (left > 0) await io.sleep(left);
  const endpoints = [...samples.values()].map(toResult);
  const requests = endpoints.reduce((sum, endpoint) => sum + endpoint.requests, 0);
  const failed = endpoints.reduce((sum, endpoint) => sum + endpoint.failed, 0);
  const result = { endpoints, errorRate: failed / requests };
  for (const endpoint of endpoints) {
    io.log(
      `${endpoint.path}: ${endpoint.requests} requests, ${endpoint.failed} failed, median ${endpoint.medianMs} ms`,
    );
  }
  const problems = findProblems(result, validation);
  if (problems.length > 0) throw new StepFailure(`Validation failed. ${problems.join(' ')}`);
  return { result, warnings: findSlowdowns(result, options.before) };
}

/** What is wrong with a measured release, one sentence each; empty when it passed. */
export function findProblems(
  result: ValidationResult,
  validation: EnvironmentConfig['validation'],
): string[] {
  const problems: string[] = [];
  for (const endpoint of result.endpoints) {
    const rate = endpoint.failed / endpoint.requests;
    if (rate > validation.maxErrorRate) {
      problems.push(
        `${endpoint.path}: ${endpoint.failed} of ${endpoint.requests} requests failed (${endpoint.lastFailure}), allowed are ${(validation.maxErrorRate * 100).toFixed(1)} %.`,
      );
    }
    const budgetMs =
      validation.endpoints.find(({ path }) => path === endpoint.path)?.budgetMs ?? Number.POSITIVE_INFINITY;
    if (endpoint.medianMs > budgetMs) {
      problems.push(`${endpoint.path}: median ${endpoint.medianMs} ms, allowed are ${budgetMs} ms.`);
    }
  }
  return problems;
}

/** Endpoints within their budget but clearly slower than the release before. */
export function findSlowdowns(result: ValidationResult, before: ValidationResult | null): string[] {
  return result.endpoints.flatMap((endpoint) => {
    const earlier = before?.endpoints.find(({ path }) => path === endpoint.path);
    if (!earlier) return [];
    const isSlower =
      endpoint.medianMs > earlier.medianMs * SLOWER_FACTOR &&
      endpoint.medianMs - earlier.medianMs > SLOWER_FLOOR_MS;
    return isSlower
      ? [`${endpoint.path}: median ${endpoint.medianMs} ms, before ${earlier.medianMs} ms`]
      : [];
  });
}

interface Sample {
  path: string;
  timesMs: number[];
  failed: number;
  lastFailure: string | null;
}

function newSample(path: string): Sample {
  return { path, timesMs: [], failed: 0, lastFailure: null };
}

async function ask(
  io: StepIo,
  baseUrl: string,
  endpoint: { path: string; expectStatus: number },
  sample: Sample,
  { expectedTag, headers }: { expectedTag: string | null; headers?: Record<string, string> },
): Promise<void> {
  const startedAt = performance.now();
  let failure: string | null = null;
  try {
    const response = await fetch(new URL(endpoint.path, baseUrl), {
      signal: AbortSignal.any([io.signal, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]),
      redirect: 'manual',
      headers: { ...headers, 'cache-control': 'no-cache' },
    });
    await response.arrayBuffer();
    const servedBy = response.headers.get('x-release');
    if (response.status !== endpoint.expectStatus) failure = `status ${response.status}`;
    else if (expectedTag && servedBy && servedBy !== expectedTag) failure = `answered by ${servedBy}`;
  } catch (error) {
    io.signal.throwIfAborted();
    failure = (error as { cause?: { code?: string } }).cause?.code ?? messageOf(error);
  }
  sample.timesMs.push(performance.now() - startedAt);
  if (failure) {
    sample.failed += 1;
    sample.lastFailure = failure;
  }
}

function toResult(sample: Sample): EndpointResult {
  const sorted = [...sample.timesMs].sort((a, b) => a - b);
  const medianMs = Math.round((sorted[Math.floor(sorted.length / 2)] ?? 0) * 10) / 10;
  return {
    path: sample.path,
    requests: sample.timesMs.length,
    failed: sample.failed,
    medianMs,
    lastFailure: sample.lastFailure,
  };
}
