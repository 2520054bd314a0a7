import { can, type Permission } from '#server/auth/contract';
import type { Ctx } from '#server/platform/context';
import type { SavedView as Row } from '#server/platform/generated/prisma/client';
import type { SavedView } from '#server/views/contract';
import type { ViewList } from '#server/views/words/contract';

/** Who sees a list and its views, and who may give one to everybody. */
export const VIEW_ACCESS: Record<ViewList, { read: Permission; share: Permission }> = {
  incidents: { read: 'incidents.read', share: 'incidents.manage' },
};

/** Its own views are a person's to change; a shared one also that of who may share. */
export function mayChange({ actor }: Ctx, { list, ownerId, isShared }: Row): boolean {
  return ownerId === actor.id || (isShared && can(actor, VIEW_ACCESS[list as ViewList].share));
}

export function toView(ctx: Ctx, row: Row): SavedView {
  const { id, list, name, query, isShared, ownerName, version } = row;
  return {
    id,
    list: list as ViewList,
    name,
    query,
    isShared,
    ownerName,
    mayChange: mayChange(ctx, row),
    version,
  };
}
