import * as z from 'zod/mini';
import { defineOperation } from '#server/api/operation';
import { lockdownInput } from '#server/maintenance/contract';
import {
  listSecurityEventsInput,
  reportedSecurityEvents,
  reportSecurityEventsInput,
  securityCounts,
  securityEventPage,
} from '#server/monitoring/security-events/contract';
import { startedRun } from '#server/runs/contract';

const group = 'Security';
const place = '/environments/{service}/{environment}';

/** What can be asked and done about attacks. */
export const SECURITY_OPERATIONS = {
  lockDown: defineOperation({
    method: 'post',
    path: `${place}/lockdown`,
    group,
    summary: 'Refuse logins, checkouts and the admin page, and end every session',
    description:
      '`confirmEnvironment` is the name of the environment, typed. With a token the `password` of its person goes along.',
    input: z.omit(lockdownInput, { idempotencyKey: true }),
    status: 202,
    output: startedRun,
    location: '/runs/{runId}',
  }),
  unlock: defineOperation({
    method: 'post',
    path: `${place}/unlock`,
    group,
    summary: 'Lift the lockdown',
    description: 'Under the same conditions as the lockdown.',
    input: z.omit(lockdownInput, { idempotencyKey: true }),
    status: 202,
    output: startedRun,
    location: '/runs/{runId}',
  }),
  reportSecurityEvents: defineOperation({
    method: 'post',
    path: '/security-events',
    group,
    summary: 'Report attacks and what looks like one',
    description:
      'Up to 500 at once. A bad item is named with its place and keeps no good one out; one that was told before is kept once.',
    input: reportSecurityEventsInput,
    status: 200,
    output: reportedSecurityEvents,
  }),
  listSecurityEvents: defineOperation({
    method: 'get',
    path: '/security-events',
    group,
    summary: 'Attacks and what looked like one, newest first',
    input: listSecurityEventsInput,
    status: 200,
    output: securityEventPage,
  }),
  countSecurityEvents: defineOperation({
    method: 'get',
    path: '/security-events/counts',
    group,
    summary: 'The same, counted by kind, source and address',
    input: listSecurityEventsInput,
    status: 200,
    output: securityCounts,
  }),
} as const;
