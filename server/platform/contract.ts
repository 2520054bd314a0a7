import * as z from 'zod/mini';

/** A point in time: ISO 8601, UTC. */
export const timestamp = z.iso.datetime();

/** A page of rows with what is needed to page on. */
export function pageOf<T extends z.ZodMiniType>(row: T) {
  return z.object({ rows: z.array(row), total: z.int(), page: z.int(), pageSize: z.int() });
}
