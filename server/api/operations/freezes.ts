import { defineOperation } from '#server/api/operation';
import {
  createFreezeInput,
  endFreezeInput,
  freezePage,
  freezeView,
  listFreezesInput,
} from '#server/deployments/freezes/contract';

const group = 'Freezes';

/** What can be asked and done about times without deploys. */
export const FREEZE_OPERATIONS = {
  listFreezes: defineOperation({
    method: 'get',
    path: '/freezes',
    group,
    summary: 'Freezes, those that are or will be active first',
    description: '`current` is what is active or will be. Without `state` all of them.',
    input: listFreezesInput,
    status: 200,
    output: freezePage,
  }),
  createFreeze: defineOperation({
    method: 'post',
    path: '/freezes',
    group,
    summary: 'Plan a time without deploys',
    description:
      'Once, with `startsAt` and `endsAt`, or again and again, with `cron` and `durationMinutes`. Times without an offset are the wall clock of `timeZone`. Without `service` or `environment` it counts for every one. Rollbacks go on.',
    input: createFreezeInput,
    status: 201,
    output: freezeView,
    location: '/freezes',
  }),
  endFreeze: defineOperation({
    method: 'post',
    path: '/freezes/{freezeId}/end',
    group,
    summary: 'End a freeze, or take it away before it begins',
    input: endFreezeInput,
    status: 200,
    output: freezeView,
  }),
} as const;
