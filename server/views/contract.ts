import * as z from 'zod/mini';
import { versionInput } from '#server/platform/contract';
import { VIEW_LISTS, VIEW_NAME_MAX, VIEW_QUERY_MAX } from '#server/views/words/contract';

const list = z.enum(VIEW_LISTS, 'There are no saved views of this list.');
const name = z
  .string('Give it a name.')
  .check(
    z.trim(),
    z.minLength(1, 'Give it a name.'),
    z.maxLength(VIEW_NAME_MAX, `At most ${VIEW_NAME_MAX} characters.`),
  );
const viewId = z.uuid('This view does not exist.');

export const listViewsInput = z.object({ list });

export const saveViewInput = z.object({
  list,
  name,
  query: z
    .string('Say what it shows.')
    .check(
      z.maxLength(VIEW_QUERY_MAX, 'This filter is too long to be kept.'),
      z.describe('The filter as in the address of the list, like level=1&state=open; paging is left out.'),
    ),
  isShared: z
    ._default(z.union([z.boolean(), z.stringbool()]), false)
    .check(z.describe('Whether everybody has it.')),
});

export const renameViewInput = z.object({ viewId, version: versionInput, name });
export const deleteViewInput = z.object({ viewId, version: versionInput });

export const savedView = z.object({
  id: z.string(),
  list,
  name: z.string(),
  query: z.string(),
  isShared: z.boolean(),
  ownerName: z.string(),
  mayChange: z.boolean().check(z.describe('Whether the caller may rename and delete it.')),
  version: z.int(),
});
export type SavedView = z.infer<typeof savedView>;
export const savedViews = z.object({ rows: z.array(savedView) });
