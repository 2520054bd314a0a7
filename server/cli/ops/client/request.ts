import type { Operation } from '#server/api/operation';
import { EXIT } from '#server/cli/ops/exit-codes';
import { OpsFailure, refusal } from '#server/cli/ops/failure';

export interface ApiRequest {
  method: string;
  /** From the root of the console, with its query. */
  path: string;
  body: string | null;
}

/** The HTTP request of an operation: fields of its address there, the others as query or JSON body. Pure. */
export function toRequest(
  operation: Pick<Operation, 'method' | 'path'>,
  input: Record<string, unknown>,
): ApiRequest {
  const rest = new Map(Object.entries(input).filter(([, value]) => value !== undefined));
  const path = operation.path.replace(/\{(\w+)\}/g, (_whole, name: string) => {
    const value = rest.get(name);
    rest.delete(name);
    return encodeURIComponent(String(value ?? ''));
  });
  if (operation.method !== 'get') {
    return {
      method: operation.method.toUpperCase(),
      path: `/api/v1${path}`,
      body: JSON.stringify(Object.fromEntries(rest)),
    };
  }
  const query = new URLSearchParams();
  for (const [name, value] of rest) {
    for (const each of [value].flat()) query.append(name, String(each));
  }
  return { method: 'GET', path: `/api/v1${path}${query.size > 0 ? `?${query}` : ''}`, body: null };
}

/** How a request came to nothing: before anybody had it, or when it was on its way. */
export type Breakage = 'unsent' | 'broken' | 'late';

const NEVER_CONNECTED = [
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'ECONNABORTED',
  'UND_ERR_CONNECT_TIMEOUT',
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'ERR_TLS_CERT_ALTNAME_INVALID',
];

/** What became of a request that `fetch` rejected. */
export function breakageOf(error: unknown): Breakage {
  if ((error as Error).name === 'TimeoutError') return 'late';
  return codesOf(error).some((code) => NEVER_CONNECTED.includes(code)) ? 'unsent' : 'broken';
}

const REASONS: Record<string, string> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'the name of the host cannot be looked up',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  UND_ERR_CONNECT_TIMEOUT: 'no connection within time',
  UND_ERR_SOCKET: 'the connection was closed',
  ECONNRESET: 'the connection was closed',
};

/** Why a request was rejected, in a few words. */
export function reasonOf(error: unknown): string {
  const [code] = codesOf(error);
  return (code && REASONS[code]) ?? code ?? (error as Error).message;
}

/** The codes of an error and of everything that it wraps. */
function codesOf(error: unknown): string[] {
  const codes: string[] = [];
  const waiting = [error];
  for (let seen = 0; waiting.length > 0 && seen < 10; seen += 1) {
    const next = waiting.shift() as
      | { code?: unknown; cause?: unknown; errors?: unknown[] }
      | null
      | undefined;
    if (typeof next !== 'object' || next === null) continue;
    if (typeof next.code === 'string') codes.push(next.code);
    waiting.push(next.cause, ...(next.errors ?? []));
  }
  return codes;
}

/** What an answer that is no success says. */
export function failureOf(status: number, location: string | null, text: string, place: string): OpsFailure {
  const said = parseProblem(text);
  if (said) return refusal(said);
  if (status >= 300 && status < 400) {
    return new OpsFailure(EXIT.unavailable, `${place} answers from elsewhere: ${location ?? 'a redirect'}.`, {
      kind: 'unreachable',
      hint: 'Give the address itself with --url or OPS_URL.',
    });
  }
  return new OpsFailure(
    EXIT.unavailable,
    `${place} did not answer like a console (status ${status}). Nothing is known to have been started.`,
    { kind: 'unreachable', hint: 'Is this the address of the console? Give another with --url or OPS_URL.' },
  );
}

function parseProblem(
  text: string,
): { kind: string; message: string; hint?: string; fields?: Record<string, string[]> } | null {
  try {
    const problem = JSON.parse(text) as Record<string, unknown>;
    if (typeof problem !== 'object' || problem === null) return null;
    const kind = problem.kind;
    const message = problem.detail ?? problem.title;
    if (typeof kind !== 'string' || typeof message !== 'string') return null;
    return {
      kind,
      message,
      hint: typeof problem.hint === 'string' ? problem.hint : undefined,
      fields: (problem.fields as Record<string, string[]> | undefined) ?? undefined,
    };
  } catch {
    return null;
  }
}
