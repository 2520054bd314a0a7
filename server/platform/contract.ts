import * as z from 'zod/mini';

/** A point in time: ISO 8601, UTC. */
export const timestamp = z.iso.datetime();

/** Rows of one page of a list: a screen or two where nothing else is asked for. */
export const pageSizeInput = z._default(z.coerce.number().check(z.int(), z.minimum(5), z.maximum(200)), 25);

/** A page of rows with what is needed to page on. */
export function pageOf<T extends z.ZodMiniType>(row: T) {
  return z.object({ rows: z.array(row), total: z.int(), page: z.int(), pageSize: z.int() });
}
