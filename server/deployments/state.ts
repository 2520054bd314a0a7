import { createHash } from 'node:crypto';
import type { DeploymentStatus, Direction, Verdict } from '#server/deployments/contract';

/** One deployment of an environment, with what is known of its release. */
export interface HistoryEntry {
  deploymentId: string;
  sequence: number;
  direction: Direction;
  status: DeploymentStatus;
  /** For a rollback: the sequence of the deployment whose place it took. */
  restoresSequence: number | null;
  release: {
    id: string;
    tag: string;
    commitSha: string;
    title: string;
    schemaVersion: number;
    verdict: Verdict;
    /** The repository no longer has it. */
    isMissing: boolean;
  };
  /** Visitors were on it. */
  tookVisitors: boolean;
  validated: boolean;
}

export type RollbackChoice =
  | { kind: 'target'; entry: HistoryEntry; compatible: boolean }
  | { kind: 'none'; reason: string };

/** The deployment that visitors are on, by record. */
export function findCurrent<Entry extends HistoryEntry>(history: readonly Entry[]): Entry | null {
  return history.find((entry) => ['switched', 'live', 'invalid'].includes(entry.status)) ?? null;
}

/**
 * The place of a deployment in the history: its own, or for a rollback the one it restored. Counting from there, a
 * second rollback goes further back and never forward again.
 */
export function positionOf(entry: HistoryEntry): number {
  return entry.restoresSequence ?? entry.sequence;
}

/**
 * May we roll back to this one? It was deployed before the current place, took visitors, was validated (or a person
 * marked it stable), is not marked faulty, is another release than the current one, and is still in the repository.
 */
export function mayRollBackTo(entry: HistoryEntry, current: HistoryEntry): boolean {
  return (
    entry.direction === 'deploy' &&
    entry.sequence < positionOf(current) &&
    entry.tookVisitors &&
    (entry.validated || entry.release.verdict === 'stable') &&
    entry.release.verdict !== 'faulty' &&
    entry.release.id !== current.release.id &&
    !entry.release.isMissing
  );
}

/** A release works with the database when its schema version is at least the oldest that the database still serves. */
export function isSchemaCompatible(schemaVersion: number, oldestCompatible: number): boolean {
  return schemaVersion >= oldestCompatible;
}

/** Every release that a rollback may go to, newest place first, each once. `history` is in any order. */
export function rollbackCandidates(history: readonly HistoryEntry[]): HistoryEntry[] {
  const current = findCurrent(history);
  if (!current) return [];
  const seen = new Set<string>();
  return [...history]
    .sort((a, b) => b.sequence - a.sequence)
    .filter((entry) => mayRollBackTo(entry, current))
    .filter((entry) => !seen.has(entry.release.id) && seen.add(entry.release.id));
}

/**
 * The last known good release, by recorded state and never by date. A compatible one is preferred; when none is, the
 * newest is offered as incompatible, so that nobody is stuck. With `tag`, that release or the reason why not.
 * @param oldestCompatible the oldest release schema version that the database, as migrated, still serves
 */
export function chooseRollbackTarget(
  history: readonly HistoryEntry[],
  oldestCompatible: number,
  tag?: string,
): RollbackChoice {
  const current = findCurrent(history);
  if (!current) return { kind: 'none', reason: 'Nothing has been deployed here yet.' };
  const candidates = rollbackCandidates(history);
  const compatible = (entry: HistoryEntry): boolean =>
    isSchemaCompatible(entry.release.schemaVersion, oldestCompatible);
  if (tag !== undefined) {
    const entry = candidates.find((candidate) => candidate.release.tag === tag);
    return entry
      ? { kind: 'target', entry, compatible: compatible(entry) }
      : {
          kind: 'none',
          reason: `${tag} is not a known-good release of the time before ${current.release.tag}.`,
        };
  }
  const best = candidates.find(compatible) ?? candidates[0];
  if (best) return { kind: 'target', entry: best, compatible: compatible(best) };
  return {
    kind: 'none',
    reason: `There is no known-good release yet: nothing validated, not marked faulty and still in the repository was deployed before ${current.release.tag}.`,
  };
}

/** The identity of a release: the same tag on another commit is another release. Derived, so that reading writes nothing. */
export function releaseIdOf(service: string, tag: string, commitSha: string): string {
  const hex = createHash('sha256').update(`${service}\0${tag}\0${commitSha}`).digest('hex');
  // UUID version 8 (RFC 9562, section 5.8): the layout is ours.
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
