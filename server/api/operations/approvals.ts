import * as z from 'zod/mini';
import { defineOperation } from '#server/api/operation';
import { approvalPage, approveRunInput, listApprovalsInput, refuseRunInput } from '#server/runs/contract';

const group = 'Approvals';
const decided = z.object({ runId: z.string(), number: z.int() });

/** What can be asked and done about runs that need a second person. */
export const APPROVAL_OPERATIONS = {
  listApprovals: defineOperation({
    method: 'get',
    path: '/approvals',
    group,
    summary: 'Runs that need, or needed, a second person',
    description: 'Without `state` all of them, the open ones first.',
    input: listApprovalsInput,
    status: 200,
    output: approvalPage,
  }),
  approveRun: defineOperation({
    method: 'post',
    path: '/runs/{runId}/approve',
    group,
    summary: 'Agree to the plan of a run, which then starts by itself',
    description:
      '`planHash` is that of the plan that was looked at. Nobody approves what they asked for themselves.',
    input: approveRunInput,
    status: 200,
    output: decided,
  }),
  refuseRun: defineOperation({
    method: 'post',
    path: '/runs/{runId}/refuse',
    group,
    summary: 'Disagree with a run, which then ends cancelled',
    input: refuseRunInput,
    status: 200,
    output: decided,
  }),
} as const;
