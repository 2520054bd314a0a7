import type { Direction } from '#server/deployments/contract';

/** All that an automatic rollback is decided by. */
export interface Facts {
  settings: { enabled: boolean; attributionMinutes: number; cooldownMinutes: number };
  now: Date;
  alertId: string;
  /** How the alert stands by now; null when it is gone. */
  alertState: 'firing' | 'acknowledged' | 'resolved' | null;
  /** When the breach began, by the data. */
  breachedSince: Date;
  /** How exactly that is known, ms. */
  toleranceMs: number;
  /** What visitors are on. */
  current: { tag: string; direction: Direction; switchedAt: Date; runId: string } | null;
  /** Of the current release, whenever it was; not one that was refused. */
  attempt: { alertId: string; at: Date } | null;
  /** The newest of the environment, of any release, that started a run. */
  lastAttemptAt: Date | null;
  inMaintenance: boolean;
  /** What holds the environment. */
  activeRun: { id: string; number: number; title: string; kind: 'deploy' | 'rollback' | 'other' } | null;
  target: { kind: 'none'; reason: string } | { kind: 'target'; tag: string; compatible: boolean };
}

export type Verdict = { go: true; from: string; to: string } | { go: false; why: string };

/**
 * Whether the console rolls back by itself. Only what a new release has most likely caused, once for each release, never
 * on and on: the first guard that does not let it pass gives the reason.
 */
export function decideRollback(facts: Facts): Verdict {
  const { settings, current, target } = facts;
  if (!settings.enabled) return no('automatic rollback is switched off for this environment.');
  if (facts.alertState === null || facts.alertState === 'resolved')
    return no('the alert was over before it could be decided.');
  if (!current) return no('nothing has been deployed here.');
  const { tag } = current;
  if (current.direction === 'rollback')
    return no(`${tag} came here by a rollback, and the console never goes back twice in a row by itself.`);
  const liveMs = current.switchedAt.getTime();
  const beganMs = facts.breachedSince.getTime();
  if (beganMs < liveMs - facts.toleranceMs) {
    return no(
      `it began at ${time(facts.breachedSince)}, before ${tag} went live at ${time(current.switchedAt)}, so this release is not the cause.`,
    );
  }
  const minutes = Math.round((beganMs - liveMs) / 60_000);
  if (beganMs - liveMs > settings.attributionMinutes * 60_000) {
    return no(
      `${tag} had been live for ${minutes} minutes when it began; only what begins within ${settings.attributionMinutes} minutes is put down to a release.`,
    );
  }
  if (facts.attempt && facts.attempt.alertId !== facts.alertId)
    return no(
      `${tag} was to be rolled back before, at ${time(facts.attempt.at)}; each release gets one attempt.`,
    );
  const restMs = facts.lastAttemptAt
    ? facts.lastAttemptAt.getTime() + settings.cooldownMinutes * 60_000 - facts.now.getTime()
    : 0;
  if (restMs > 0 && !facts.attempt) {
    return no(
      `there was an automatic rollback at ${time(facts.lastAttemptAt as Date)}, and the next may come ${settings.cooldownMinutes} minutes after it.`,
    );
  }
  if (facts.inMaintenance) return no('maintenance mode is on, so no visitor sees the release.');
  const { activeRun } = facts;
  if (activeRun?.kind === 'rollback')
    return no(`run #${activeRun.number} (${activeRun.title}) is rolling back already.`);
  if (activeRun?.kind === 'deploy' && activeRun.id !== current.runId)
    return no(
      `run #${activeRun.number} (${activeRun.title}) brings another release, which may be the remedy.`,
    );
  if (target.kind === 'none') return no(`there is nothing to go back to. ${target.reason}`);
  if (!target.compatible)
    return no(`${target.tag} does not fit the database as it is. A person must decide, and give a reason.`);
  return { go: true, from: tag, to: target.tag };
}

function no(why: string): Verdict {
  return { go: false, why };
}

function time(at: Date): string {
  return `${at.toISOString().slice(11, 19)} UTC`;
}
