import type { z } from 'zod';
import { can, type Permission, whyNot } from '#server/auth/contract';
import type { Ctx } from '#server/platform/context';
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
    throw new AppError('forbidden', 'You may not do this. Nothing was changed.', { hint: whyNot(access) });
  }
}

export type Command<R> = ((ctx: Ctx, input: unknown) => Promise<R>) & Guarded;

/**
 * Makes a write: permission, then input, then `prepare` (reads of the outside world, slow hashing), then `handle` in one
 * transaction that must write an audit entry. A command that changes nothing worth an entry says `audit: 'none'`.
 */
export function defineCommand<S extends z.ZodType | ZodMiniLike, R, P = undefined>(spec: {
  name: string;
  access: Access;
  input: S;
  audit?: 'required' | 'none';
  prepare?: (ctx: Ctx, input: Output<S>) => Promise<P>;
  handle: (ctx: Ctx, input: Output<S>, prepared: P) => Promise<R>;
}): Command<R> {
  const command = async (ctx: Ctx, rawInput: unknown): Promise<R> => {
    authorize(ctx, spec.access, spec.name);
    const input = parseInput(spec.input, rawInput) as Output<S>;
    const prepared = (await spec.prepare?.(ctx, input)) as P;
    return ctx.transaction(async (tx) => {
      const result = await spec.handle(tx, input, prepared);
      if (spec.audit !== 'none' && !tx.unitOfWork?.audited) {
        throw new Error(`Command "${spec.name}" wrote no audit entry`);
      }
      return result;
    });
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
