import type { Clock } from '#server/platform/clock';
import type { Database, Db } from '#server/platform/db';
import type { Env } from '#server/platform/env';
import type { Ids } from '#server/platform/ids';
import type { Logger } from '#server/platform/logger';

/** Who acts. `role` is meaningful to the permission resolver only. */
export interface Actor {
  type: 'user' | 'system' | 'anonymous';
  id: string | null;
  name: string;
  role: string | null;
  /** The API token that the person acts through; absent or null in a browser. */
  token?: { id: string; name: string; scopes: readonly string[] } | null;
}

export const ANONYMOUS: Actor = { type: 'anonymous', id: null, name: 'anonymous', role: null };

/** The console itself: workers, event handlers, schedules. */
export function systemActor(name: string): Actor {
  return { type: 'system', id: null, name, role: null };
}

/** A typed key under which the composition root provides a registry or a configuration to domains. */
export interface Token<T> {
  readonly description: string;
  readonly type?: T;
}

export function defineToken<T>(description: string): Token<T> {
  return { description };
}

/** A write that its sender may repeat: the same key and request get the first answer again. */
export interface IdempotencyInfo {
  key: string;
  operation: string;
  /** SHA-256 of operation and input, hex. */
  fingerprint: string;
  /** Told when the answer is an earlier one. */
  onReplay?: () => void;
  /** The key counts for each command by itself: a form says what is to be done, not by which command. */
  isPerCommand?: boolean;
}

export interface RequestInfo {
  requestId: string;
  /** For the outermost command of the request. */
  idempotency?: IdempotencyInfo | null;
  ipAddress?: string | null;
  userAgent?: string | null;
  sessionId?: string | null;
  runId?: string | null;
  /** Added to the details of every audit entry, where the way by which a request came matters. */
  auditDetails?: Record<string, unknown>;
}

/** Reacts to an event. Delivered at least once, so it must be idempotent. */
export interface EventHandler {
  /** Unique and stable: it names the delivery row. */
  name: string;
  type: string;
  handle(ctx: Ctx, payload: unknown, eventId: bigint): Promise<void>;
}

/** The handlers of this installation; the same in every process. */
export interface EventHandlers {
  namesFor(type: string): string[];
  find(name: string): EventHandler | null;
}

/** What every command, query, step and handler receives. One per request, step or delivery. */
export interface Ctx {
  readonly actor: Actor;
  readonly request: RequestInfo;
  readonly log: Logger;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly env: Env;
  readonly events: EventHandlers;
  /** The transaction's client inside {@link Ctx.transaction}, the pool's otherwise. */
  readonly db: Db;
  /** Set inside a transaction; `audited` becomes true when an audit entry is written in it. */
  readonly unitOfWork: { audited: boolean } | null;
  /** What the composition root provided under the token. @throws Error when nothing was: a wiring fault. */
  use<T>(token: Token<T>): T;
  /** Runs `work` in one transaction; nested calls join the outer one. */
  transaction<T>(work: (ctx: Ctx) => Promise<T>): Promise<T>;
  /** The same context acting as somebody else. */
  as(actor: Actor, request?: Partial<RequestInfo>): Ctx;
}

export interface AppParts {
  database: Database;
  clock: Clock;
  ids: Ids;
  env: Env;
  log: Logger;
  events: EventHandlers;
  provided: Map<Token<unknown>, unknown>;
}

/** One per process; makes contexts. */
export interface App extends AppParts {
  for(actor: Actor, request?: Partial<RequestInfo>): Ctx;
}

export function createApp(parts: AppParts): App {
  return {
    ...parts,
    for: (actor, request) => makeContext(parts, parts.database.client, null, actor, request),
  };
}

function makeContext(
  parts: AppParts,
  db: Db,
  unitOfWork: { audited: boolean } | null,
  actor: Actor,
  partial: Partial<RequestInfo> = {},
): Ctx {
  const request: RequestInfo = { ...partial, requestId: partial.requestId ?? parts.ids.uuid() };
  const ctx: Ctx = {
    actor,
    request,
    db,
    unitOfWork,
    clock: parts.clock,
    ids: parts.ids,
    env: parts.env,
    events: parts.events,
    log: parts.log.child({
      requestId: request.requestId,
      ...(request.runId ? { runId: request.runId } : {}),
    }),
    use: (token) => {
      if (!parts.provided.has(token))
        throw new Error(`Nothing provides "${token.description}" in this process`);
      return parts.provided.get(token) as never;
    },
    transaction: (work) =>
      unitOfWork
        ? work(ctx)
        : parts.database.client.$transaction((client) =>
            work(makeContext(parts, client, { audited: false }, actor, request)),
          ),
    as: (other, change) => makeContext(parts, db, unitOfWork, other, { ...request, ...change }),
  };
  return ctx;
}
