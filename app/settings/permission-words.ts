import { PERMISSIONS, type Permission, permissionsOf, type Role } from '#server/auth/contract';

/** What each permission lets somebody do, in the words of the interface. */
export const PERMISSION_WORDS: Record<Permission, string> = {
  'overview.read': 'See the overview and the environments',
  'runs.read': 'See runs and their logs',
  'deployments.read': 'See deployments and releases',
  'schedules.read': 'See schedules and drills',
  'metrics.read': 'See metrics',
  'checks.read': 'See checks and uptime',
  'rules.read': 'See rules and what they would have done',
  'alerts.read': 'See alerts',
  'incidents.read': 'See incidents and their timelines',
  'postmortems.read': 'See post-mortems and action items',
  'maintenance.read': 'See what is switched on: maintenance, lockdown, monitoring',
  'security.read': 'See security events',
  'deliveries.read': 'See notifications and channels',
  'configuration.read': 'See how services are configured',
  'audit.read': 'Read the audit log',
  'deployments.deploy': 'Deploy a release',
  'deployments.rollback': 'Roll back',
  'deployments.check': 'Run the checklist and the validation',
  'releases.mark': 'Mark releases stable or faulty',
  'drills.run': 'Run a rollback drill',
  'maintenance.toggle': 'Switch maintenance mode and enhanced monitoring',
  'emergency.run': 'Restart, clear caches and optimise in an emergency',
  'security.lockdown': 'Lock a service down, and unlock it',
  'security.report': 'Report security events',
  'runs.cancel': 'Cancel runs',
  'runs.resume': 'Resume runs',
  'runs.approve': 'Approve or refuse runs of others',
  'environments.lock': 'Lock an environment',
  'environments.unlock': 'Lift a lock',
  'freezes.manage': 'Begin and end deploy freezes',
  'freezes.override': 'Deploy in spite of a freeze',
  'schedules.manage': 'Change and pause schedules',
  'checks.manage': 'Add, change, pause and run checks',
  'alerts.acknowledge': 'Acknowledge alerts',
  'alerts.manage': 'Resolve alerts by hand',
  'rules.manage': 'Add, change and switch rules',
  'incidents.manage': 'Declare incidents, and lead them to their end',
  'playbooks.manage': 'Say what the playbooks of incidents ask for',
  'postmortems.manage': 'Write post-mortems and deal with action items',
  'postmortems.approve': 'Approve and publish post-mortems, and take back what is approved',
  'status.manage': 'Tell the public of incidents and maintenance',
  'status.configure': 'Say what the status page shows',
  'deliveries.retry': 'Send notifications again',
  'channels.manage': 'Test and mute channels, say whom handles ring',
  'metrics.push': 'Send metrics',
  'account.manage': 'Manage own sessions, tokens and password',
  'tokens.manage': "See and revoke everybody's tokens",
  'people.manage': 'Invite, change and disable people',
};

export interface PermissionGroup {
  title: string;
  permissions: Permission[];
}

type GroupKey =
  | 'read'
  | 'deployments'
  | 'emergency'
  | 'runs'
  | 'rules'
  | 'monitoring'
  | 'notifications'
  | 'people';

const GROUP_TITLES: Record<GroupKey, string> = {
  read: 'Look',
  deployments: 'Deploy and roll back',
  emergency: 'Maintenance and emergencies',
  runs: 'Runs',
  rules: 'Locks, freezes and schedules',
  monitoring: 'Watch',
  notifications: 'Notifications',
  people: 'Account and people',
};

function groupOf(permission: Permission): GroupKey {
  if (permission.endsWith('.read')) return 'read';
  const domain = permission.slice(0, permission.indexOf('.'));
  if (['deployments', 'releases', 'drills'].includes(domain)) return 'deployments';
  if (['maintenance', 'emergency', 'security'].includes(domain)) return 'emergency';
  if (
    ['checks', 'metrics', 'rules', 'alerts', 'incidents', 'playbooks', 'postmortems', 'status'].includes(
      domain,
    )
  )
    return 'monitoring';
  if (domain === 'runs') return 'runs';
  if (['channels', 'deliveries'].includes(domain)) return 'notifications';
  return ['account', 'tokens', 'people'].includes(domain) ? 'people' : 'rules';
}

/** Permissions by what they are about, in the order of the interface; groups without any are left out. */
export function groupPermissions(permissions: readonly Permission[]): PermissionGroup[] {
  const ordered = (Object.keys(PERMISSION_WORDS) as Permission[]).filter((each) =>
    permissions.includes(each),
  );
  return Object.entries(GROUP_TITLES)
    .map(([key, title]) => ({ title, permissions: ordered.filter((each) => groupOf(each) === key) }))
    .filter((group) => group.permissions.length > 0);
}

/** Every permission there is, grouped. */
export const ALL_GROUPS = groupPermissions(Object.keys(PERMISSIONS) as Permission[]);

export const ROLE_MEANINGS: Record<Role, string> = {
  viewer: 'Sees what happens and changes nothing.',
  responder: 'On call: deploys, rolls back, checks, locks, marks releases, approves, leads incidents.',
  commander: 'All that a responder may; also lifts locks and decides about freezes and schedules.',
  manager: 'All that an incident commander may; also reads the audit log.',
  admin: "All that a manager may; also manages people and everybody's tokens.",
};

export const PRESETS = ['read', 'deploy', 'all'] as const;
export type Preset = (typeof PRESETS)[number];

export function isPreset(value: string): value is Preset {
  return (PRESETS as readonly string[]).includes(value);
}

export const PRESET_LABELS: Record<Preset, string> = {
  read: 'Read only',
  deploy: 'Deploy and roll back',
  all: 'Everything I may',
};

const DEPLOYING: readonly Permission[] = [
  'deployments.deploy',
  'deployments.rollback',
  'deployments.check',
  'runs.cancel',
  'runs.resume',
];

/** The scopes of a preset, of those that its maker may hand out. */
export function presetScopes(preset: Preset, own: readonly Permission[]): Permission[] {
  if (preset === 'all') return [...own];
  return own.filter(
    (permission) => permission.endsWith('.read') || (preset === 'deploy' && DEPLOYING.includes(permission)),
  );
}

/** What scopes come to in a few words: a preset's name where they are exactly that for a role, else their number. */
export function summariseScopes(scopes: readonly string[]): string {
  const every = permissionsOf({ type: 'system', role: null });
  if (scopes.length === every.length) return 'Everything';
  if (scopes.every((scope) => scope.endsWith('.read'))) return 'Read only';
  const deploys = DEPLOYING.every((permission) => scopes.includes(permission));
  const more = scopes.filter((scope) => !scope.endsWith('.read') && !DEPLOYING.includes(scope as Permission));
  if (deploys && more.length === 0) return 'Deploy and roll back';
  return `${scopes.length} permission${scopes.length === 1 ? '' : 's'}`;
}
