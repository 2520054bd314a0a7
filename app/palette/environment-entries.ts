import { formatUtc } from '#app/lib/format';
import { paths } from '#app/lib/paths';
import type { EnvironmentFacts, PaletteEntry, PaletteFacts } from '#app/palette/entry';
import { can, type Permission, type Subject, whyNot } from '#server/auth/contract';
import type { EnvironmentState, ReleaseView } from '#server/deployments/contract';

/** Releases of one environment that are listed, newest first. */
const RELEASES_LISTED = 20;

/** What can be done in each environment, and with each release there. */
export function environmentEntries({ environments, drills, subject }: PaletteFacts): PaletteEntry[] {
  const marked = new Set<string>();
  return [
    ...environments.flatMap((facts) => actions(facts, subject)),
    ...drills.map((drill): PaletteEntry => {
      const place = `${drill.service}/${drill.environment}`;
      return {
        id: `drill:${place}`,
        group: 'act',
        icon: 'drill',
        title: `Run a rollback drill in ${drill.service} / ${drill.environment}`,
        ...(drill.next ? { detail: `${drill.next.releaseTag} and back` } : {}),
        keywords: ['practice', 'rehearse', 'exercise', 'game day'],
        place,
        blockedBy: bar(subject, 'drills.run') ?? drill.blockedBy,
        does: { kind: 'open', href: paths.drills() },
      };
    }),
    ...environments.flatMap((facts) => {
      const { service } = facts.state;
      const entries = releaseEntries(facts, subject, !marked.has(service));
      marked.add(service);
      return entries;
    }),
  ];
}

/** Why the subject may not; null when they may. */
export function bar(subject: Subject, permission: Permission): string | null {
  return can(subject, permission) ? null : whyNot(permission, subject);
}

function actions({ state, releases, rollback }: EnvironmentFacts, subject: Subject): PaletteEntry[] {
  const { service, environment, lock, live } = state;
  const place = `${service}/${environment}`;
  const name = `${service} / ${environment}`;
  const keywords = [state.serviceTitle, state.environmentTitle];
  const about = { group: 'act', place } as const;
  const mayCheck = bar(subject, 'deployments.check') ?? heldBy(state);
  return [
    {
      ...about,
      id: `deploy:${place}`,
      icon: 'deploy',
      title: `Deploy a release to ${name}`,
      ...(live ? { detail: `${live.tag} is live` } : {}),
      command: `deploy:${environment}`,
      keywords: [...keywords, 'release', 'ship', 'publish'],
      blockedBy:
        deployBar(state, subject) ?? (releases.length === 0 ? 'The repository has no release' : null),
      does: { kind: 'open', href: paths.newDeployment(state) },
    },
    {
      ...about,
      id: `rollback:${place}`,
      icon: 'rollback',
      title: rollback.tag ? `Roll back ${name} to ${rollback.tag}` : `Roll back ${name}`,
      ...(live ? { detail: `${live.tag} is live` } : {}),
      command: 'rollback',
      keywords: [...keywords, 'undo', 'revert', 'emergency'],
      blockedBy: bar(subject, 'deployments.rollback') ?? rollback.blockedBy,
      does: { kind: 'open', href: paths.rollback(state) },
    },
    {
      ...about,
      id: `check:${place}`,
      icon: 'check',
      title: `Run the pre-deploy checklist of ${name}`,
      command: 'pre-deploy-check',
      keywords: [...keywords, 'lint', 'tests', 'security', 'lighthouse'],
      blockedBy: mayCheck ?? (releases.length === 0 ? 'The repository has no release' : null),
      does: { kind: 'open', href: `${paths.checks(state)}#checklist` },
    },
    {
      ...about,
      id: `validate:${place}`,
      icon: 'validate',
      title: live ? `Validate ${live.tag} in ${name}` : `Validate what is live in ${name}`,
      command: 'post-deploy-validate',
      keywords: [...keywords, 'health', 'verify'],
      blockedBy: mayCheck ?? (live ? null : 'Nothing is live yet'),
      does: { kind: 'open', href: `${paths.checks(state)}#validation` },
    },
    {
      ...about,
      id: `lock:${place}`,
      icon: 'lock',
      title: `Lock ${name}`,
      command: 'lock',
      keywords: [...keywords, 'stop deploys', 'hold'],
      blockedBy: bar(subject, 'environments.lock') ?? lockBar(state),
      does: { kind: 'open', href: paths.lock(state) },
    },
    {
      ...about,
      id: `unlock:${place}`,
      icon: 'unlock',
      title: `Lift the lock of ${name}`,
      ...(lock ? { detail: lock.reason } : {}),
      command: 'unlock',
      keywords: [...keywords, 'allow deploys'],
      blockedBy: bar(subject, 'environments.unlock') ?? (lock ? null : 'It is not locked'),
      does: { kind: 'open', href: paths.lock(state) },
    },
  ];
}

function releaseEntries(
  { state, releases, rollback }: EnvironmentFacts,
  subject: Subject,
  withMarks: boolean,
): PaletteEntry[] {
  const { service, environment } = state;
  const place = `${service}/${environment}`;
  const about = { group: 'releases', place } as const;
  const shown = releases.slice(0, RELEASES_LISTED);
  return [
    ...shown.map(
      (release): PaletteEntry => ({
        ...about,
        id: `deploy:${place}:${release.tag}`,
        icon: 'deploy',
        title: `Deploy ${release.tag} to ${service} / ${environment}`,
        detail: release.isLive ? `${release.title} (live)` : release.title,
        keywords: ['release', 'ship', `deploy:${environment}`],
        blockedBy: deployBar(state, subject) ?? faultyBar(release),
        does: { kind: 'open', href: paths.newDeployment(state, release.tag) },
      }),
    ),
    ...rollback.alternatives.slice(0, RELEASES_LISTED).map(
      (tag): PaletteEntry => ({
        ...about,
        id: `rollback:${place}:${tag}`,
        icon: 'rollback',
        title: `Roll back ${service} / ${environment} to ${tag}`,
        detail: 'further back than the last known good one',
        keywords: ['undo', 'revert'],
        blockedBy: bar(subject, 'deployments.rollback') ?? rollback.blockedBy,
        does: { kind: 'open', href: paths.rollback(state, tag) },
      }),
    ),
    ...(withMarks ? shown : []).map(
      (release): PaletteEntry => ({
        ...about,
        id: `mark:${service}:${release.tag}`,
        icon: 'mark',
        title: `Mark ${release.tag} of ${service} stable or faulty`,
        ...(release.verdict === 'none' ? {} : { detail: `marked ${release.verdict}` }),
        command: 'releases mark',
        keywords: ['verdict', 'good', 'bad'],
        blockedBy: bar(subject, 'releases.mark'),
        does: { kind: 'open', href: paths.markRelease(state, release.tag) },
      }),
    ),
  ];
}

/** Why nothing can be deployed there now; null when something can. */
function deployBar(state: EnvironmentState, subject: Subject): string | null {
  const { freeze } = state;
  const frozen =
    freeze && !can(subject, 'freezes.override')
      ? `Frozen until ${formatUtc(freeze.until)}: ${freeze.reason}`
      : null;
  return bar(subject, 'deployments.deploy') ?? lockBar(state) ?? frozen ?? heldBy(state);
}

function lockBar({ lock }: EnvironmentState): string | null {
  return lock ? `Locked by ${lock.lockedByName}: ${lock.reason}` : null;
}

function heldBy({ activeRun }: EnvironmentState): string | null {
  return activeRun ? `Run #${activeRun.number} (${activeRun.title}) holds this environment` : null;
}

function faultyBar({ tag, verdict, verdictReason }: ReleaseView): string | null {
  return verdict === 'faulty' ? `${tag} is marked faulty: ${verdictReason}` : null;
}
