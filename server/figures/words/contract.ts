/* What pages show of the figures, without the schemas, which a browser has no use for. */

export const FIGURE_PERIODS = ['30d', '90d', '12m'] as const;
export type FigurePeriod = (typeof FIGURE_PERIODS)[number];

export const FIGURE_PERIOD_LABELS: Record<FigurePeriod, string> = {
  '30d': '30 days',
  '90d': '90 days',
  '12m': '12 months',
};

/** What is measured of an incident. */
export const MILESTONES = ['detect', 'acknowledge', 'resolve'] as const;
export type MilestoneKey = (typeof MILESTONES)[number];

export const MILESTONE_LABELS: Record<MilestoneKey, string> = {
  detect: 'Time to detect',
  acknowledge: 'Time to acknowledge',
  resolve: 'Time to resolve',
};

/** What is known of a time: only what is recorded counts into means and medians, and nothing else is ever a zero. */
export const TIME_KINDS = ['recorded', 'pending', 'not_applicable', 'invalid'] as const;
export type TimeKind = (typeof TIME_KINDS)[number];

export const TIME_KIND_LABELS: Record<TimeKind, string> = {
  recorded: 'recorded',
  pending: 'pending',
  not_applicable: 'not applicable',
  invalid: 'invalid',
};

/** How each figure is reckoned, and from what. */
export const FIGURE_DEFINITIONS = {
  detect:
    'From the beginning of an incident to its record in the console. Not applicable where nobody said when it began, and to what was merged into another incident.',
  acknowledge:
    'From the record of an incident to the first thing that a person did about it: wrote into its timeline, took a role, told the public, or acknowledged its alert. Not applicable to what a person declared, who knows of it already, to what ended before anybody acted, and to what was merged. Invalid where the alert was acknowledged before the incident was recorded.',
  resolve:
    'From the beginning of an incident to its end. Pending while it is open. Not applicable to what was merged: the incident that goes on counts.',
  frequency:
    'Deploys whose release was validated with visitors on it. Rollbacks and restarts are no deploys.',
  leadTime:
    'From the commit of a release to the moment that visitors were on it, of validated deploys. Not applicable where that release had been live there before. Invalid where the commit claims to be later.',
  changeFailure:
    'Of the deploys that visitors were on, those that were rolled back, that failed their validation, or after which an incident of level 1 or 2 began, in the time in which the environment puts what happens down to a release. Pending until that time is over. What never reached visitors is left out.',
  restore:
    'Of failed deploys, from the beginning of the incident, or from the switch where there was none, until the service was well again: the rollback was validated, the incident resolved, or the next release validated. Pending until then.',
  actionItems: 'Action items of post-mortems that are open past their day (UTC), now, whatever the period.',
} as const;
export type FigureKey = keyof typeof FIGURE_DEFINITIONS;
