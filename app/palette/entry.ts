import type { Theme } from '#app/lib/preferences';
import type { Subject } from '#server/auth/contract';
import type { EnvironmentState, ReleaseView } from '#server/deployments/contract';
import type { DrillPlace } from '#server/deployments/drills/contract';
import type { IncidentSummary } from '#server/incidents/contract';
import type { ApprovalView, RunSummary } from '#server/runs/contract';
import type { ScheduleView } from '#server/schedules/contract';

/** The groups of entries, in the order in which they are shown. */
export const GROUPS = {
  waiting: 'Waits for a person',
  act: 'Act',
  releases: 'Releases',
  pages: 'Pages',
  runs: 'Runs',
  settings: 'Settings',
  console: 'This console',
} as const;
export type GroupId = keyof typeof GROUPS;

/** What the pictures of entries are; see `icons.ts`. */
export type EntryIcon =
  | 'approve'
  | 'cancel'
  | 'check'
  | 'deploy'
  | 'drill'
  | 'freeze'
  | 'help'
  | 'incident'
  | 'lock'
  | 'mark'
  | 'page'
  | 'person'
  | 'resume'
  | 'rollback'
  | 'run'
  | 'schedule'
  | 'settings'
  | 'signOut'
  | 'theme'
  | 'token'
  | 'unlock'
  | 'validate';

/** What an entry does. Whatever touches the shop opens the page that asks for a confirmation, and does nothing itself. */
export type Doing =
  | { kind: 'open'; href: string }
  /** An address that is no page of ours, such as a document for programs. */
  | { kind: 'document'; href: string }
  | { kind: 'send'; action: string; fields: Record<string, string> };

/** Something that a person may do now, or would like to. */
export interface PaletteEntry {
  /** The same for the same thing whenever it is listed. */
  id: string;
  group: GroupId;
  icon: EntryIcon;
  title: string;
  /** How it stands, in a few words. */
  detail?: string;
  /** What the command line calls it. */
  command?: string;
  /** What else people may type for it. */
  keywords: string[];
  /** `service/environment`, where it is about one. */
  place?: string;
  /** Why it cannot be done now, or not by this person. */
  blockedBy: string | null;
  does: Doing;
}

/** Everything that the catalogue is made of. */
export interface PaletteFacts {
  subject: Subject;
  theme: Theme;
  environments: readonly EnvironmentFacts[];
  drills: readonly DrillPlace[];
  /** Newest first. */
  runs: readonly RunSummary[];
  approvals: readonly ApprovalView[];
  schedules: readonly ScheduleView[];
  /** Those that are open, the gravest first. */
  incidents: readonly IncidentSummary[];
}

export interface EnvironmentFacts {
  state: EnvironmentState;
  /** Newest first, without those that the repository has lost. Empty while it cannot be read. */
  releases: readonly ReleaseView[];
  /** Where a rollback would go and what bars it, as its own page says. */
  rollback: { tag: string | null; blockedBy: string | null; alternatives: readonly string[] };
}
