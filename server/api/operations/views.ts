import { defineOperation } from '#server/api/operation';
import {
  deleteViewInput,
  listViewsInput,
  renameViewInput,
  savedView,
  savedViews,
  saveViewInput,
} from '#server/views/contract';

const group = 'Saved views';

/** Filters of lists under names. */
export const VIEW_OPERATIONS = {
  listViews: defineOperation({
    method: 'get',
    path: '/views',
    group,
    summary: 'The views of a list: your own, then those of everybody',
    input: listViewsInput,
    status: 200,
    output: savedViews,
  }),
  saveView: defineOperation({
    method: 'post',
    path: '/views',
    group,
    summary: 'Keep the filter of a list under a name',
    description:
      '`isShared` gives it to everybody, which takes the permission to change what the list is of.',
    input: saveViewInput,
    status: 201,
    output: savedView,
    location: '/views',
  }),
  renameView: defineOperation({
    method: 'patch',
    path: '/views/{viewId}',
    group,
    summary: 'Call a view otherwise',
    description: 'With the `version` that was looked at.',
    input: renameViewInput,
    status: 200,
    output: savedView,
  }),
  deleteView: defineOperation({
    method: 'delete',
    path: '/views/{viewId}',
    group,
    summary: 'Take a view away',
    description: 'With the `version` that was looked at. Gives what it was.',
    input: deleteViewInput,
    status: 200,
    output: savedView,
  }),
} as const;
