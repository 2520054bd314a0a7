import { createHash } from 'node:crypto';
import stringify from 'safe-stable-stringify';
import { can, type Permission, type Subject } from '#server/auth/contract';
import type { Plan, RunStatus, StepStatus } from '#server/runs/contract';

/** Which states may follow a state. The end states have none but what a resume allows. */
const NEXT: Record<RunStatus, readonly RunStatus[]> = {
  awaiting_approval: ['queued', 'cancelled'],
  queued: ['running', 'cancelled'],
  running: ['cancelling', 'needs_attention', 'succeeded', 'failed', 'timed_out', 'cancelled'],
  cancelling: ['cancelled', 'succeeded', 'failed', 'needs_attention', 'timed_out'],
  needs_attention: ['queued', 'cancelled'],
  failed: ['queued'],
  cancelled: [],
  timed_out: ['queued'],
  succeeded: [],
};

export function mayFollow(from: RunStatus, to: RunStatus): boolean {
  return NEXT[from].includes(to);
}

/**
 * A run that ended short of its goal can go on from the step that failed; one that somebody stopped cannot, and one that
 * awaits approval is approved, not resumed.
 */
export function isResumable(status: RunStatus): boolean {
  return status !== 'awaiting_approval' && mayFollow(status, 'queued');
}

/** A cancel makes sense while the run has not ended and nobody asked before. */
export function isCancellable(status: RunStatus): boolean {
  return (
    status === 'awaiting_approval' ||
    status === 'queued' ||
    status === 'running' ||
    status === 'needs_attention'
  );
}

/** A cancel ends at once what no worker holds; a held run is asked to stop and ends when its step is over. */
export function statusAfterCancel(status: RunStatus): 'cancelled' | 'cancelling' {
  return status === 'running' ? 'cancelling' : 'cancelled';
}

/** What keeps a caller from deciding about a run that awaits its approval. */
export type DecisionBar = 'not_a_person' | 'own' | { needs: Permission };

/**
 * Approving and refusing is for a second person with the right to approve and the right to ask for the same themselves.
 * Whoever asked stays the first person, also through their own token. Anybody is the second to the console itself.
 * @param run.permission of the run's procedure; null when this installation no longer has it
 */
export function decisionBar(
  subject: Subject & { id: string | null },
  run: { requestedById: string | null; permission: Permission | null },
): DecisionBar | null {
  if (subject.type !== 'user' || subject.id === null) return 'not_a_person';
  if (subject.id === run.requestedById) return 'own';
  if (!can(subject, 'runs.approve')) return { needs: 'runs.approve' };
  if (run.permission !== null && !can(subject, run.permission)) return { needs: run.permission };
  return null;
}

/** Steps that need not run again. */
export function isDone(status: StepStatus): boolean {
  return status === 'succeeded' || status === 'warning' || status === 'skipped';
}

/**
 * What binds a confirmation to a plan: SHA-256, hex, of the plan with sorted keys. Two plans with the same hash do the
 * same thing to the same target.
 */
export function hashPlan(plan: Plan): string {
  return createHash('sha256').update(stringify(plan)).digest('hex');
}

/**
 * The token that outside resources compare: later claims of one environment are greater as text. Runs of an
 * environment exclude each other, so (run number, fence) grows with every claim.
 */
export function fencingToken(runNumber: number, fence: number): string {
  return `${String(runNumber).padStart(12, '0')}.${String(fence).padStart(6, '0')}`;
}
