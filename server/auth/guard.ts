import type { z } from 'zod';
import { can, type Permission, whyNot } from '#server/auth/contract';
import { keepResult, recallResult, takeKey } from '#server/auth/idempotency';
import type { Ctx, IdempotencyInfo } from '#server/platform/context';
import { AppError } from '#server/platform/errors';
import { parseInput } from '#server/platform/input';

/** What a command or query demands of its caller. `anyone` is for what happens before or outside a login. */
export type Access = Permission | 'anyone' | 'signed-in';

export interface Guarded {
  readonly operation: 'command' | 'query';
  readonly access: Access;
}

/** @throws AppError `unauthenticated` or `forbidden` */
export function authorize(ctx: Ctx, access: Access, name: string): void {
  if (access === 'anyone') return;
  if (ctx.actor.type === 'anonymous') {
    throw new AppError(
      'unauthenticated',
      'You are not signed in, or your session has ended. Nothing was changed.',
      {
        hint: 'Sign in and try again.',
      },
    );
  }
  if (access === 'signed-in') return;
  if (!can(ctx.actor, access)) {
    ctx.log.info({ actor: ctx.actor.id, access, operation: name }, 'refused');
    throw new AppError('forbidden', 'You may not do this. Nothing was changed.', {
      hint: whyNot(access, ctx.actor),
    });
  }
}

export type Command<R> = ((ctx: Ctx, input: unknown) => Promise<R>) & Guarded;

/**
 * Makes a write: permission, then input, then `prepare` (reads of the outside world, slow hashing), then `handle` in one
 * transaction that must write an audit entry. A command that changes nothing worth an entry says `audit: 'none'`.
 * A request with an idempotency key is done once: its answer is kept in the same transaction and given again. A refusal
 * is not kept. A command whose answer holds a secret gives as `stored` what may be kept of it.
 */
export function defineCommand<S extends z.ZodType | ZodMiniLike, R, P = undefined>(spec: {
  name: string;
  access: Access;
  input: S;
  audit?: 'required' | 'none';
  /** `unchecked`: the command itself refuses texts that cannot be stored, item by item. */
  texts?: 'checked' | 'unchecked';
  prepare?: (ctx: Ctx, input: Output<S>) => Promise<P>;
  handle: (ctx: Ctx, input: Output<S>, prepared: P) => Promise<R>;
  stored?: (result: R) => R;
}): Command<R> {
  const work = async (tx: Ctx, input: Output<S>, prepared: P): Promise<R> => {
    const result = await spec.handle(tx, input, prepared);
    if (spec.audit !== 'none' && !tx.unitOfWork?.audited) {
      throw new Error(`Command "${spec.name}" wrote no audit entry`);
    }
    return result;
  };
  const workOnce = async (outer: Ctx, request: IdempotencyInfo, input: Output<S>): Promise<R> => {
    // What this command calls on its way is part of it and takes no key.
    const ctx = outer.as(outer.actor, { idempotency: null });
    const replay = ({ result }: { result: unknown }): R => {
      request.onReplay?.();
      return result as R;
    };
    const earlier = await recallResult(ctx, request);
    if (earlier) return replay(earlier);
    let prepared: P;
    try {
      prepared = (await spec.prepare?.(ctx, input)) as P;
    } catch (error) {
      // What the same request did meanwhile may be the reason.
      const meanwhile = await recallResult(ctx, request);
      if (meanwhile) return replay(meanwhile);
      throw error;
    }
    return ctx.transaction(async (tx) => {
      const before = await takeKey(tx, request);
      if (before) return replay(before);
      const result = await work(tx, input, prepared);
      await keepResult(tx, request, spec.stored ? spec.stored(result) : result);
      return result;
    });
  };
  const command = async (ctx: Ctx, rawInput: unknown): Promise<R> => {
    authorize(ctx, spec.access, spec.name);
    const input = parseInput(spec.input, rawInput, spec.texts) as Output<S>;
    const request = ctx.request.idempotency;
    if (request && !ctx.unitOfWork) {
      const key = request.isPerCommand ? `${request.key}:${spec.name}` : request.key;
      return workOnce(ctx, { ...request, key }, input);
    }
    const prepared = (await spec.prepare?.(ctx, input)) as P;
    return ctx.transaction((tx) => work(tx, input, prepared));
  };
  return Object.assign(command, { operation: 'command', access: spec.access } as const);
}

export type Query<I, R> = ((ctx: Ctx, input: I) => Promise<R>) & Guarded;

/** Makes a read: permission, then input, then `handle`. */
export function defineQuery<S extends z.ZodType | ZodMiniLike, R>(spec: {
  name: string;
  access: Access;
  input: S;
  handle: (ctx: Ctx, input: Output<S>) => Promise<R>;
}): Query<unknown, R> {
  const query = async (ctx: Ctx, rawInput: unknown): Promise<R> => {
    authorize(ctx, spec.access, spec.name);
    return spec.handle(ctx, parseInput(spec.input, rawInput) as Output<S>);
  };
  return Object.assign(query, { operation: 'query', access: spec.access } as const);
}

/** zod and zod/mini schemas share this much. */
type ZodMiniLike = { _zod: { output: unknown } };
type Output<S> = S extends { _zod: { output: infer O } } ? O : never;
