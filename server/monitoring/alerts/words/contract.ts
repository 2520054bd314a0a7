/* What pages show of alerts, without the schemas, which a browser has no use for. */

export const ALERT_STATES = ['firing', 'acknowledged', 'resolved'] as const;
export type AlertState = (typeof ALERT_STATES)[number];

export const ALERT_STATE_LABELS: Record<AlertState, string> = {
  firing: 'Firing',
  acknowledged: 'Acknowledged',
  resolved: 'Resolved',
};

/** no_data: nothing has been measured for a while, so that nobody knows. */
export const ALERT_CAUSES = ['breach', 'no_data'] as const;
export type AlertCause = (typeof ALERT_CAUSES)[number];

export const ALERT_EVENT_KINDS = [
  'fired',
  'acknowledged',
  'ack_expired',
  'flapping',
  'resolved',
  'notice',
  'action',
  'decision',
] as const;
export type AlertEventKind = (typeof ALERT_EVENT_KINDS)[number];

export const ACKNOWLEDGE_MINUTES_MAX = 24 * 60;
export const ACKNOWLEDGE_MINUTES = 60;
