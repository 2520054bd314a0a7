import * as z from 'zod/mini';
import { defineOperation } from '#server/api/operation';
import {
  cancelRunInput,
  findRunByNumberInput,
  getRunInput,
  readRunLogInput,
  resumeRunInput,
  runDetail,
  runListFilter,
  runLogLine,
  runPage,
  runSummary,
} from '#server/runs/contract';

const group = 'Runs';

/** What can be asked and done about runs. */
export const RUN_OPERATIONS = {
  listRuns: defineOperation({
    method: 'get',
    path: '/runs',
    group,
    summary: 'Runs, newest first',
    description: '`search` looks in number, title, person and reason.',
    input: runListFilter,
    status: 200,
    output: runPage,
  }),
  findRunByNumber: defineOperation({
    method: 'get',
    path: '/run-numbers/{number}',
    group,
    summary: 'The run with the number that people use',
    input: findRunByNumberInput,
    status: 200,
    output: runSummary,
  }),
  getRun: defineOperation({
    method: 'get',
    path: '/runs/{runId}',
    group,
    summary: 'A run with its plan and its steps',
    input: getRunInput,
    status: 200,
    output: runDetail,
  }),
  readRunLog: defineOperation({
    method: 'get',
    path: '/runs/{runId}/log',
    group,
    summary: 'Lines of a run’s log, in order',
    description: 'Ask again with the last `seq` as `afterSeq` for what came since; `/streams/live` sends it.',
    input: readRunLogInput,
    status: 200,
    output: z.object({ rows: z.array(runLogLine) }),
  }),
  cancelRun: defineOperation({
    method: 'post',
    path: '/runs/{runId}/cancel',
    group,
    summary: 'Ask a run to stop',
    description:
      'A run that no worker holds ends at once; a running one ends when its step has been stopped.',
    input: cancelRunInput,
    status: 200,
    output: z.object({ status: z.enum(['cancelled', 'cancelling']) }),
  }),
  resumeRun: defineOperation({
    method: 'post',
    path: '/runs/{runId}/resume',
    group,
    summary: 'Go on with a run from the step that did not succeed',
    input: resumeRunInput,
    status: 202,
    output: z.object({ runId: z.string() }),
    location: '/runs/{runId}',
  }),
} as const;
