/* What pages say of the status page, without the schemas, which a browser has no use for. */

/** How an incident stands, in the words of the public. */
export const PUBLIC_STATES = ['investigating', 'identified', 'monitoring', 'resolved'] as const;
export type PublicState = (typeof PUBLIC_STATES)[number];

export const PUBLIC_STATE_LABELS: Record<PublicState, string> = {
  investigating: 'Investigating',
  identified: 'Identified',
  monitoring: 'Monitoring',
  resolved: 'Resolved',
};

/** What an update of each state may begin as: words that say what is known and promise nothing that is not. */
export const PUBLIC_STATE_TEMPLATES: Record<PublicState, string> = {
  investigating:
    'We are looking into a problem with {components}. We will tell you more as soon as we know it.',
  identified: 'We have found what is wrong with {components} and are working on it.',
  monitoring: 'A fix for {components} is in place. We are watching whether everything stays well.',
  resolved: 'The problem with {components} is solved. We are sorry for the trouble.',
};

/** What an incident does to a component, from least to most. */
export const IMPACTS = ['none', 'degraded', 'partial_outage', 'major_outage'] as const;
export type Impact = (typeof IMPACTS)[number];

export const IMPACT_LABELS: Record<Impact, string> = {
  none: 'Not affected',
  degraded: 'Slow or unreliable',
  partial_outage: 'Partly down',
  major_outage: 'Down',
};

/** How a component is, from best to worst. unknown: nobody could look lately. */
export const COMPONENT_STATES = [
  'operational',
  'unknown',
  'maintenance',
  'degraded',
  'partial_outage',
  'major_outage',
] as const;
export type ComponentState = (typeof COMPONENT_STATES)[number];

export const COMPONENT_STATE_LABELS: Record<ComponentState, string> = {
  operational: 'Working',
  unknown: 'Not measured',
  maintenance: 'In maintenance',
  degraded: 'Slow or unreliable',
  partial_outage: 'Partly down',
  major_outage: 'Down',
};

export const MAINTENANCE_STATUSES = ['planned', 'under_way', 'over', 'cancelled'] as const;
export type MaintenanceStatus = (typeof MAINTENANCE_STATUSES)[number];

export const MAINTENANCE_STATUS_LABELS: Record<MaintenanceStatus, string> = {
  planned: 'Planned',
  under_way: 'Under way',
  over: 'Over',
  cancelled: 'Cancelled',
};

/** The text of a template for some components; without any it speaks of the service. */
export function fillTemplate(state: PublicState, names: readonly string[]): string {
  const last = names.at(-1);
  const words =
    last === undefined
      ? 'our service'
      : names.length === 1
        ? last
        : `${names.slice(0, -1).join(', ')} and ${last}`;
  return PUBLIC_STATE_TEMPLATES[state].replace('{components}', words);
}
