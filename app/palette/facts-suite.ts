import type { PaletteFacts } from '#app/palette/entry';
import type { Role } from '#server/auth/contract';
import type { EnvironmentState, ReleaseView } from '#server/deployments/contract';
import type { IncidentSummary } from '#server/incidents/contract';
import type { RunSummary } from '#server/runs/contract';

const AT = '2026-03-01T09:05:07.000Z';

export function aRelease(tag: string, more: Partial<ReleaseView> = {}): ReleaseView {
  return {
    id: tag,
    tag,
    commitSha: '0'.repeat(40),
    title: `Title of ${tag}`,
    committedAt: AT,
    schemaVersion: 1,
    oldestCompatibleSchemaVersion: 1,
    verdict: 'none',
    verdictReason: null,
    verdictByName: null,
    verdictAt: null,
    isMissing: false,
    isLive: false,
    isKnownGood: false,
    lastDeployedAt: null,
    ...more,
  };
}

export function aRun(number: number, more: Partial<RunSummary> = {}): RunSummary {
  return {
    id: `00000000-0000-7000-8000-${String(number).padStart(12, '0')}`,
    number,
    procedure: 'deployments.deploy',
    title: `Deploy v1.${number}.0`,
    service: 'shop',
    environment: 'production',
    status: 'succeeded',
    requestedByName: 'Rémy Laurent',
    requestedByType: 'user',
    reason: null,
    fromTag: null,
    toTag: null,
    createdAt: AT,
    startedAt: AT,
    endedAt: AT,
    deadlineAt: null,
    budgetMs: 90_000,
    currentStep: null,
    stepsDone: 1,
    stepsTotal: 1,
    ...more,
  };
}

export function anIncident(number: number): IncidentSummary {
  return {
    number,
    name: `INC-${number}`,
    title: 'Checkout fails',
    level: 2,
    state: 'identified',
    service: 'shop',
    environment: null,
    startedAt: AT,
    detectedAt: AT,
    resolvedAt: null,
    durationMs: 60_000,
    declaredByName: 'Rémy Laurent',
    cause: 'person',
    causeId: null,
    commanderName: 'Rémy Laurent',
    version: 1,
  };
}

const state: EnvironmentState = {
  service: 'shop',
  serviceTitle: 'Shop',
  environment: 'production',
  environmentTitle: 'Production',
  url: 'http://127.0.0.1:4602',
  isPractice: false,
  live: {
    id: 'v1.3.0',
    tag: 'v1.3.0',
    commitSha: '0'.repeat(40),
    title: 'Title of v1.3.0',
    since: AT,
    validated: true,
    direction: 'deploy',
    verdict: 'none',
  },
  lock: null,
  freeze: null,
  activeRun: null,
  rollbackTarget: null,
  noRollbackReason: null,
};

/** A calm shop with three releases, for somebody of the role; `more` is how production differs. */
export function someFacts(role: Role, more: Partial<EnvironmentState> = {}): PaletteFacts {
  return {
    subject: { type: 'user', role },
    theme: 'dark',
    environments: [
      {
        state: { ...state, ...more },
        releases: [aRelease('v1.4.0'), aRelease('v1.3.0', { isLive: true }), aRelease('v1.2.0')],
        rollback: { tag: 'v1.2.0', blockedBy: null, alternatives: ['v1.1.0'] },
      },
    ],
    drills: [
      {
        service: 'drill',
        environment: 'staging',
        title: 'Drill shop, Staging',
        budgetMs: 90_000,
        open: null,
        last: null,
        recent: [],
        succeeded: 0,
        next: { releaseTag: 'v1.4.0', restoredTag: 'v1.3.0' },
        blockedBy: null,
      },
    ],
    runs: [aRun(42), aRun(41, { status: 'failed' })],
    approvals: [],
    schedules: [],
    incidents: [anIncident(42)],
  };
}
