import * as z from 'zod/mini';
import type { Ctx, EventHandler, EventHandlers } from '#server/platform/context';
import type { EventType } from '#server/platform/events-contract';
import { notify } from '#server/platform/notify';

/** The handlers of this installation; filled by the composition root, the same in every process. */
export class EventRegistry implements EventHandlers {
  readonly #handlers = new Map<string, EventHandler>();

  /** @throws Error when two handlers share a name */
  on<T>(
    type: EventType<T>,
    name: string,
    handle: (ctx: Ctx, payload: T, eventId: bigint) => Promise<void>,
  ): void {
    if (this.#handlers.has(name)) throw new Error(`Two event handlers are named "${name}"`);
    this.#handlers.set(name, {
      name,
      type: type.name,
      handle: (ctx, payload, eventId) => handle(ctx, parse(type, payload), eventId),
    });
  }

  namesFor(type: string): string[] {
    return [...this.#handlers.values()]
      .filter((handler) => handler.type === type)
      .map((handler) => handler.name);
  }

  find(name: string): EventHandler | null {
    return this.#handlers.get(name) ?? null;
  }
}

/**
 * Writes an event and one delivery per handler in the caller's transaction, so that neither exists without the change
 * that caused it. @throws Error outside a transaction
 */
export async function publish<T>(ctx: Ctx, type: EventType<T>, payload: T): Promise<void> {
  if (!ctx.unitOfWork) throw new Error(`Event "${type.name}" was published outside a transaction`);
  const event = await ctx.db.event.create({
    data: {
      type: type.name,
      payload: parse(type, payload) as object,
      requestId: ctx.request.requestId,
      deliveries: { create: ctx.events.namesFor(type.name).map((handler) => ({ handler })) },
    },
    select: { id: true },
  });
  await notify(ctx.db, { kind: 'event', id: String(event.id) });
}

function parse<T>(type: EventType<T>, payload: unknown): T {
  return z.parse(type.payload as z.ZodMiniType<T>, payload);
}
