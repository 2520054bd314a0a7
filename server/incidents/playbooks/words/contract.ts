/* What pages show of playbooks, without the schemas, which a browser has no use for. */

export const STEP_TITLE_MAX = 120;
export const STEP_TEXT_MAX = 500;

/** running: asked for, and not yet true. failed: the console could not do it; the note says why. */
export const STEP_STATES = ['open', 'running', 'done', 'skipped', 'failed'] as const;
export type StepState = (typeof STEP_STATES)[number];

export const STEP_STATE_LABELS: Record<StepState, string> = {
  open: 'To do',
  running: 'Being done',
  done: 'Done',
  skipped: 'Left out',
  failed: 'Failed',
};

/** What the console does itself. */
export const STEP_ACTIONS = [
  'alert-critical',
  'assess-damage',
  'restore-service',
  'enhanced-monitoring',
] as const;
export type StepAction = (typeof STEP_ACTIONS)[number];

/** What the button of each says, and what a step of it is called in a choice. */
export const STEP_ACTION_LABELS: Record<StepAction, string> = {
  'alert-critical': 'Alert CRITICAL',
  'assess-damage': 'Assess the damage',
  'restore-service': 'See what restores it',
  'enhanced-monitoring': 'Check more often',
};

/** Those that only read and tell, so that the console may begin them without being asked. */
export const SELF_STARTING: readonly StepAction[] = ['alert-critical', 'assess-damage', 'restore-service'];

/** For how long enhanced monitoring lasts unless told, minutes, and how often it looks, seconds. */
export const WATCH_MINUTES_DEFAULT = 120;
export const WATCH_INTERVAL_DEFAULT = 10;

/** What can bring a service back. */
export const RESTORE_WAYS = ['rollback', 'restart', 'clear-cache', 'maintenance'] as const;
export type RestoreWay = (typeof RESTORE_WAYS)[number];

export const RESTORE_WAY_LABELS: Record<RestoreWay, string> = {
  rollback: 'Roll back',
  restart: 'Restart',
  'clear-cache': 'Clear the caches',
  maintenance: 'Maintenance mode',
};

export type AssessmentKind = 'damage' | 'restore';
