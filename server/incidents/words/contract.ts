/* What pages show of incidents, without the schemas, which a browser has no use for. */

export const INCIDENT_TITLE_MAX = 200;
/** The longest entry of a timeline, characters. */
export const INCIDENT_TEXT_MAX = 4_000;
/** Images that are sent at once at most, and their bytes all together. */
export const INCIDENT_IMAGES_MAX = 4;
export const INCIDENT_IMAGES_BYTES = 5 * 1024 * 1024;
export const INCIDENT_IMAGE_TYPES = ['image/png', 'image/jpeg', 'image/webp', 'image/gif'] as const;
/** Pinned entries that an incident has at most: more of them are no longer a look. */
export const INCIDENT_PINS_MAX = 20;

/** Level 1 is the gravest. */
export const INCIDENT_LEVELS = [1, 2, 3, 4] as const;
export type IncidentLevel = (typeof INCIDENT_LEVELS)[number];

/** If unsure, the higher level: this one has a post-mortem. */
export const INCIDENT_LEVEL_DEFAULT: IncidentLevel = 2;

export const INCIDENT_LEVEL_LABELS: Record<IncidentLevel, string> = {
  1: 'Critical',
  2: 'Major',
  3: 'Minor',
  4: 'Trivial',
};

/** What a level means and asks for; levels 1 and 2 as the operating procedures say. */
export const INCIDENT_LEVEL_CONSEQUENCES: Record<IncidentLevel, string> = {
  1: 'Production is down: alert the team at once, assess the damage, restore the service, and post on the status page. A post-mortem follows.',
  2: 'A feature is affected: assess the impact, work around it, schedule the fix, and monitor closely. A post-mortem follows.',
  3: 'Few are affected, or there is a way around: fix it within working hours. No post-mortem unless somebody asks for one.',
  4: 'Hardly anybody notices: fix it when there is time. No post-mortem unless somebody asks for one.',
};

export const INCIDENT_STATES = ['investigating', 'identified', 'monitoring', 'resolved'] as const;
export type IncidentState = (typeof INCIDENT_STATES)[number];

export const INCIDENT_STATE_LABELS: Record<IncidentState, string> = {
  investigating: 'Investigating',
  identified: 'Identified',
  monitoring: 'Monitoring',
  resolved: 'Resolved',
};

/** Of all but responder there is one holder at a time. */
export const INCIDENT_ROLES = ['commander', 'scribe', 'communications', 'responder'] as const;
export type IncidentRole = (typeof INCIDENT_ROLES)[number];

export const INCIDENT_ROLE_LABELS: Record<IncidentRole, string> = {
  commander: 'Commander',
  scribe: 'Scribe',
  communications: 'Communications',
  responder: 'Responder',
};

/** What opened an incident: a person, an alert, or an automatic rollback. */
export const INCIDENT_CAUSES = ['person', 'alert', 'rollback'] as const;
export type IncidentCause = (typeof INCIDENT_CAUSES)[number];

/** system: written by the console, of what happens around the incident. */
export const INCIDENT_ENTRY_KINDS = [
  'note',
  'state',
  'level',
  'role',
  'action',
  'status',
  'correction',
  'evidence',
  'system',
] as const;
export type IncidentEntryKind = (typeof INCIDENT_ENTRY_KINDS)[number];

/** What can be written into the line of a timeline behind a slash, with an example of each. */
export const COMPOSER_EXAMPLES = {
  note: '/note 14:05 The queue was restarted',
  action: '/action 14:10 Switched to the second provider',
  evidence: '/evidence run 42 This deploy began it',
  status: '/status identified The payment provider is down',
  level: '/level 1 because nobody can pay',
  assign: '/assign scribe someone@example.com',
  leave: '/leave scribe',
  title: '/title Nobody can pay by card',
} as const;

/** How people call an incident: INC-42. */
export function incidentName(number: number): string {
  return `INC-${number}`;
}
