import * as z from 'zod/mini';

/** A point in time: ISO 8601, UTC. */
export const timestamp = z.iso.datetime();

/** The version that somebody looked at, of what is changed only as it was seen. */
export const versionInput = z.coerce
  .number('Give the version that you looked at.')
  .check(z.int('Give the version that you looked at.'), z.minimum(1), z.maximum(2_147_483_647));

/** The same, of what has one version: who calls reads what it is for. */
export const seenVersionInput = versionInput.check(
  z.describe('The one that was looked at: when somebody was quicker, nothing is changed.'),
);

/** Rows of one page of a list: a screen or two where nothing else is asked for. */
export const pageSizeInput = z._default(z.coerce.number().check(z.int(), z.minimum(5), z.maximum(200)), 25);

/** A page of rows with what is needed to page on. */
export function pageOf<T extends z.ZodMiniType>(row: T) {
  return z.object({ rows: z.array(row), total: z.int(), page: z.int(), pageSize: z.int() });
}
