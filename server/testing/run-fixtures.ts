import type { RunDetail, RunLogLine, RunStatus, RunStepView, StepStatus } from '#server/runs/contract';

const START = Date.parse('2026-03-01T12:03:00.000Z');

/** ISO 8601, so many seconds into the example run. */
export function inRun(seconds: number): string {
  return new Date(START + seconds * 1_000).toISOString();
}

/** A step of the example run: its key with its status, from and to the given seconds. */
export function exampleStep(
  index: number,
  key: string,
  status: StepStatus,
  [from, to]: [number?, number?] = [],
  change: Partial<RunStepView> = {},
): RunStepView {
  return {
    index,
    key,
    title: key.charAt(0).toUpperCase() + key.slice(1),
    detail: `what ${key} does`,
    status,
    attempt: status === 'pending' ? 0 : 1,
    startedAt: from === undefined ? null : inRun(from),
    endedAt: to === undefined ? null : inRun(to),
    durationMs: from === undefined || to === undefined ? null : (to - from) * 1_000,
    exitCode: null,
    error: null,
    facts: {},
    ...change,
  };
}

export function exampleLine(seq: number, stepIndex: number, text: string, seconds = seq): RunLogLine {
  return { seq, stepIndex, at: inRun(seconds), stream: 'stdout', text };
}

/** Run #43, a deploy, in the given state. */
export function exampleRun(
  status: RunStatus,
  steps: RunStepView[] = [],
  change: Partial<RunDetail> = {},
): RunDetail {
  const release = (tag: string) => ({ id: tag, tag, commitSha: 'a'.repeat(40), title: `Release ${tag}` });
  const isOver = ['succeeded', 'failed', 'cancelled', 'timed_out'].includes(status);
  const hasBegun = status !== 'queued' && status !== 'awaiting_approval';
  return {
    id: '00000000-0000-7000-8000-000000000043',
    number: 43,
    procedure: 'deployments.deploy',
    title: 'Deploy v1.3.0 to production',
    service: 'shop',
    environment: 'production',
    status,
    requestedByName: 'Rémy Laurent',
    requestedByType: 'user',
    reason: null,
    fromTag: 'v1.2.0',
    toTag: 'v1.3.0',
    createdAt: inRun(0),
    startedAt: hasBegun ? inRun(0) : null,
    endedAt: isOver ? inRun(30) : null,
    deadlineAt: null,
    budgetMs: 240_000,
    currentStep: null,
    stepsDone: 0,
    stepsTotal: steps.length,
    plan: {
      procedure: 'deployments.deploy',
      title: 'Deploy v1.3.0 to production',
      service: 'shop',
      environment: 'production',
      from: release('v1.2.0'),
      to: release('v1.3.0'),
      steps: steps.map(({ key, title, detail }) => ({ key, title, detail })),
      params: {},
      skips: [],
      budgetMs: 240_000,
    },
    planHash: '0'.repeat(64),
    configHash: 'hash',
    steps,
    error: null,
    cancelReason: null,
    cancelRequestedBy: null,
    causedBy: null,
    supersededBy: null,
    followUps: [],
    lastLogSeq: 0,
    readAt: inRun(0),
    canCancel: !isOver,
    canResume: false,
    approval: null,
    ...change,
  };
}
