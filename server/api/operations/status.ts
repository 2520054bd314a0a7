import { defineOperation } from '#server/api/operation';
import { nothingInput } from '#server/auth/contract';
import {
  addStatusComponentInput,
  announceMaintenanceInput,
  cancelMaintenanceInput,
  changeStatusComponentInput,
  discardStatusDraftInput,
  keepStatusDraftInput,
  postStatusUpdateInput,
  retireStatusComponentInput,
  statusComponentView,
  statusComposer,
  statusDraftView,
  statusIncidentView,
  statusMaintenanceView,
} from '#server/status/contract';

const group = 'Status page';

/** What the public is told; what it sees is at `/status.json`, for anybody. */
export const STATUS_OPERATIONS = {
  getStatusComposer: defineOperation({
    method: 'get',
    path: '/status',
    group,
    summary: 'What the public was told, and what it should be told',
    description:
      'For those who write it: with authors, and with proposals. What the public sees is at `/status.json`, without a token.',
    input: nothingInput,
    status: 200,
    output: statusComposer,
  }),
  postStatusUpdate: defineOperation({
    method: 'post',
    path: '/status/updates',
    group,
    summary: 'Tell the public how an incident stands',
    description:
      'With `number` and the `version` that was looked at it goes on; with a `title` it opens a public incident. Texts are public as they are.',
    input: postStatusUpdateInput,
    status: 201,
    output: statusIncidentView,
    location: '/status',
  }),
  keepStatusDraft: defineOperation({
    method: 'post',
    path: '/status/drafts',
    group,
    summary: 'Keep what you have begun to write to the public',
    description:
      'One draft of each person and subject. With `seen` it is put in the place of the last. The public sees none of it.',
    input: keepStatusDraftInput,
    status: 201,
    output: statusDraftView,
    location: '/status',
  }),
  discardStatusDraft: defineOperation({
    method: 'delete',
    path: '/status/drafts/{draftId}',
    group,
    summary: 'Throw a draft of your own away',
    description: 'With the `version` that was looked at. Gives what it was.',
    input: discardStatusDraftInput,
    status: 200,
    output: statusDraftView,
  }),
  announceMaintenance: defineOperation({
    method: 'post',
    path: '/status/maintenance',
    group,
    summary: 'Announce work to the public',
    input: announceMaintenanceInput,
    status: 201,
    output: statusMaintenanceView,
    location: '/status',
  }),
  cancelMaintenance: defineOperation({
    method: 'post',
    path: '/status/maintenance/{maintenanceId}/cancel',
    group,
    summary: 'Take announced work back, or end it early',
    input: cancelMaintenanceInput,
    status: 200,
    output: statusMaintenanceView,
  }),
  addStatusComponent: defineOperation({
    method: 'post',
    path: '/status/components',
    group,
    summary: 'Put a component on the status page',
    description: 'An environment as a whole, or checks of it. It comes last.',
    input: addStatusComponentInput,
    status: 201,
    output: statusComponentView,
    location: '/status',
  }),
  changeStatusComponent: defineOperation({
    method: 'patch',
    path: '/status/components/{key}',
    group,
    summary: 'Change what the public sees of a component',
    description: 'With the `version` that was looked at. All fields are replaced.',
    input: changeStatusComponentInput,
    status: 200,
    output: statusComponentView,
  }),
  retireStatusComponent: defineOperation({
    method: 'post',
    path: '/status/components/{key}/retire',
    group,
    summary: 'Take a component off the status page for good',
    description:
      'With the `version` that was looked at. What the public was told of it stays, with its name. Nothing brings it back.',
    input: retireStatusComponentInput,
    status: 200,
    output: statusComponentView,
  }),
} as const;
