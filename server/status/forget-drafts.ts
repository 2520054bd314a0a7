import type { Ctx } from '#server/platform/context';
import { auditStatus } from '#server/status/records';

/** A draft that nobody kept again for so long is about nothing any more, days. */
const FORGET_DAYS = 30;

/** Throws drafts away that were left behind. Safe in several workers at once. */
export async function forgetOldDrafts(ctx: Ctx): Promise<void> {
  const until = new Date(ctx.clock.now().getTime() - FORGET_DAYS * 86_400_000);
  await ctx.transaction(async (tx) => {
    const gone = await tx.db.$queryRaw<{ id: string; about: string; ownerName: string }[]>`
      DELETE FROM status_draft WHERE kept_at < ${until}::timestamptz
      RETURNING id::text, about, owner_name AS "ownerName"`;
    for (const { id, about, ownerName } of gone) {
      const target = { type: 'status_draft', id, label: `Draft of ${ownerName}, ${about}` };
      await auditStatus(tx, 'status.discard-draft', target, { keptForDays: FORGET_DAYS });
    }
  });
}
