/* What pages show of post-mortems and action items, without the schemas, which a browser has no use for. */

export const POSTMORTEM_STATES = ['draft', 'in_review', 'approved', 'published'] as const;
export type PostmortemState = (typeof POSTMORTEM_STATES)[number];

export const POSTMORTEM_STATE_LABELS: Record<PostmortemState, string> = {
  draft: 'Draft',
  in_review: 'In review',
  approved: 'Approved',
  published: 'Published',
};

/** Who may take one back to a draft: what is approved stays as it is for all but those who approve. */
export const RETURN_NEEDS: Record<PostmortemState, 'postmortems.manage' | 'postmortems.approve'> = {
  draft: 'postmortems.manage',
  in_review: 'postmortems.manage',
  approved: 'postmortems.approve',
  published: 'postmortems.approve',
};

/** Which post-mortems a list shows. */
export const POSTMORTEM_VIEWS = ['review', 'missing', 'all'] as const;
export type PostmortemView = (typeof POSTMORTEM_VIEWS)[number];

export const POSTMORTEM_VIEW_LABELS: Record<PostmortemView, string> = {
  review: 'Review queue',
  missing: 'Level 1–2 without review',
  all: 'All',
};

export const SECTION_KEYS = [
  'summary',
  'impact',
  'rootCause',
  'contributingFactors',
  'resolution',
  'wentWell',
  'wentBadly',
  'lucky',
  'internalMessage',
  'publicMessage',
] as const;
export type SectionKey = (typeof SECTION_KEYS)[number];
export type Sections = Record<SectionKey, string>;

/** Where the sections of a document stand: what happened is told before why; messages come last. */
export const SECTION_ORDER = {
  beforeTimeline: ['summary', 'impact'],
  afterTimeline: ['rootCause', 'contributingFactors', 'resolution', 'wentWell', 'wentBadly', 'lucky'],
  messages: ['internalMessage', 'publicMessage'],
} as const satisfies Record<string, readonly SectionKey[]>;

export const SECTION_TITLES: Record<SectionKey, string> = {
  summary: 'Summary',
  impact: 'Impact',
  rootCause: 'Root cause',
  contributingFactors: 'Contributing factors',
  resolution: 'Resolution',
  wentWell: 'What went well',
  wentBadly: 'What went badly',
  lucky: 'Where we were lucky',
  internalMessage: 'Message to the team',
  publicMessage: 'Message to the public',
};

export const SECTION_HINTS: Record<SectionKey, string> = {
  summary: 'What happened, for somebody who was not there.',
  impact: 'Who could not do what, and for how long.',
  rootCause: 'What made it possible. A system or a process, never a person.',
  contributingFactors: 'What made it worse, or its end later.',
  resolution: 'What ended it.',
  wentWell: 'What helped, and is to stay.',
  wentBadly: 'What cost time.',
  lucky: 'What could have been worse and was not by our doing.',
  internalMessage: 'What colleagues are told.',
  publicMessage: 'What customers are told. Nothing internal.',
};

/** What kind of thing a root cause was, to count by. Never a person. */
export const ROOT_CAUSE_KINDS = [
  'release',
  'configuration',
  'dependency',
  'capacity',
  'data',
  'security',
  'process',
  'unknown',
] as const;
export type RootCauseKind = (typeof ROOT_CAUSE_KINDS)[number];

export const ROOT_CAUSE_KIND_LABELS: Record<RootCauseKind, string> = {
  release: 'A release',
  configuration: 'Configuration',
  dependency: 'Something we depend on',
  capacity: 'Capacity',
  data: 'Data',
  security: 'Security',
  process: 'How we work',
  unknown: 'Not known yet',
};

/** What a text needs before others are asked to look at it. */
export const NEEDED_SECTIONS: readonly SectionKey[] = ['summary', 'impact', 'rootCause', 'resolution'];

/** The longest timeline that a document has, entries; the rest is with the incident. */
export const POSTMORTEM_TIMELINE_MAX = 2_000;

/** The longest section, characters. */
export const SECTION_MAX = 20_000;

export const DECISION_KINDS = ['submitted', 'approved', 'returned', 'published'] as const;
export type DecisionKind = (typeof DECISION_KINDS)[number];

export const DECISION_LABELS: Record<DecisionKind, string> = {
  submitted: 'submitted it for review',
  approved: 'approved it',
  returned: 'took it back to a draft',
  published: 'published it',
};

export const ACTION_ITEM_STATES = ['open', 'in_progress', 'done', 'cancelled'] as const;
export type ActionItemState = (typeof ACTION_ITEM_STATES)[number];

export const ACTION_ITEM_STATE_LABELS: Record<ActionItemState, string> = {
  open: 'Open',
  in_progress: 'In progress',
  done: 'Done',
  cancelled: 'Cancelled',
};

export const PRIORITIES = ['high', 'medium', 'low'] as const;
export type Priority = (typeof PRIORITIES)[number];

export const PRIORITY_LABELS: Record<Priority, string> = { high: 'High', medium: 'Medium', low: 'Low' };

/** Where an item stands on the board. */
export const DUE_GROUPS = ['overdue', 'week', 'later', 'ended'] as const;
export type DueGroup = (typeof DUE_GROUPS)[number];

export const DUE_GROUP_LABELS: Record<DueGroup, string> = {
  overdue: 'Overdue',
  week: 'Due within a week',
  later: 'Later',
  ended: 'Done or cancelled',
};

/** When an action item is due where nobody says, days from today. */
export const DUE_DAYS_DEFAULT = 14;
