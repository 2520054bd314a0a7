import { expect } from 'vitest';
import { type Problem, problem } from '#server/http/contract';
import type { ErrorKind } from '#server/platform/errors';
import type { TestWebServer } from '#server/testing/web-server';

export interface ApiAnswer {
  status: number;
  headers: Headers;
  /** The JSON body; undefined where there is none. */
  body: unknown;
}

export interface ApiCall {
  token?: string | null;
  /** Sent as JSON. */
  body?: unknown;
  /** Sent as it is, instead of `body`. */
  raw?: BodyInit;
  headers?: Record<string, string>;
  key?: string;
}

/** Calls the API of a test server as a program does. */
export async function callApi(
  web: Pick<TestWebServer, 'origin'>,
  method: string,
  path: string,
  { token, body, raw, headers = {}, key }: ApiCall = {},
): Promise<ApiAnswer> {
  const sent = raw ?? (body === undefined ? undefined : JSON.stringify(body));
  const response = await fetch(`${web.origin}${path}`, {
    method,
    redirect: 'manual',
    headers: {
      ...(token ? { Authorization: `Bearer ${token}` } : {}),
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...(key ? { 'Idempotency-Key': key } : {}),
      ...headers,
    },
    ...(sent === undefined ? {} : { body: sent }),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: text === '' ? undefined : (JSON.parse(text) as unknown),
  };
}

/** Expects a refusal of the kind, whole and as the contract says it. */
export function expectProblem(answer: ApiAnswer, status: number, kind: ErrorKind, what = ''): Problem {
  expect([answer.status, (answer.body as Problem | undefined)?.kind], what).toEqual([status, kind]);
  expect(answer.headers.get('Content-Type'), what).toBe('application/problem+json');
  expect(answer.headers.get('Cache-Control'), what).toBe('no-store');
  const told = answer.body as Problem;
  // zod leaves out keys of this name, wherever they are.
  const text = JSON.stringify(told).replaceAll('"__proto__":', '"proto":');
  expect(problem.parse(JSON.parse(text)), what).toEqual(JSON.parse(text));
  expect([told.status, told.type], what).toEqual([status, `/api-reference#problem-${kind}`]);
  expect(told.requestId, what).toBe(answer.headers.get('X-Request-Id'));
  return told;
}
