import { type HistoryEntry, isSchemaCompatible, mayRollBackTo } from '#server/deployments/state';

/** A release of the repository, with what the records know of it. */
export interface DrillCandidate {
  id: string;
  tag: string;
  schemaVersion: number;
  oldestCompatibleSchemaVersion: number;
  /** It passed validation somewhere, or a person marked it stable, and nobody marked it faulty since. */
  isGood: boolean;
}

export type DrillChoice =
  | { kind: 'drill'; released: DrillCandidate; restored: HistoryEntry['release'] }
  | { kind: 'none'; reason: string };

/**
 * What a drill deploys and what its rollback then must bring back: the release that is live. Deployed is the newest
 * other good release for which that way back exists: both must work with the database, also with what the deployed one
 * changes in it.
 * @param candidates the repository's releases, newest first
 * @param oldestCompatible the oldest release schema version that the database, as migrated, still serves
 */
export function chooseDrill(
  history: readonly HistoryEntry[],
  current: HistoryEntry | null,
  candidates: readonly DrillCandidate[],
  oldestCompatible: number,
): DrillChoice {
  if (!current) return none('Nothing is live here yet. Deploy a release first.');
  const { release } = current;
  if (current.status !== 'live' || !current.validated) {
    return none(
      `${release.tag} is live and has not passed validation, so there is no good state to come back to.`,
    );
  }
  if (release.verdict === 'faulty') return none(`${release.tag} is live and marked faulty.`);
  if (release.isMissing) return none(`${release.tag} is live, and the repository no longer has it.`);
  if (!isSchemaCompatible(release.schemaVersion, oldestCompatible)) {
    return none(`${release.tag} is live and does not fit the database as it is.`);
  }
  const released = candidates.find(
    (candidate) =>
      candidate.isGood &&
      candidate.id !== release.id &&
      isSchemaCompatible(candidate.schemaVersion, oldestCompatible) &&
      isSchemaCompatible(release.schemaVersion, candidate.oldestCompatibleSchemaVersion) &&
      hasWayBack(history, current, candidate.id),
  );
  if (released) return { kind: 'drill', released, restored: release };
  return none(
    `There is no second good release to practise with: besides ${release.tag}, none that fits this database has passed validation anywhere or been marked stable.`,
  );
}

/** Once the other release is live here, the rollback rules still lead to the one that is live now. */
function hasWayBack(history: readonly HistoryEntry[], current: HistoryEntry, releaseId: string): boolean {
  const deployed: HistoryEntry = {
    ...current,
    direction: 'deploy',
    restoresSequence: null,
    sequence: Number.MAX_SAFE_INTEGER,
    release: { ...current.release, id: releaseId },
  };
  return history.some((entry) => entry.release.id === current.release.id && mayRollBackTo(entry, deployed));
}

function none(reason: string): DrillChoice {
  return { kind: 'none', reason };
}
