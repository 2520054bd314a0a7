import * as z from 'zod/mini';
import { timestamp } from '#server/platform/contract';

/** Roles from least to most. Each includes what the one before may do. */
export const ROLES = ['viewer', 'responder', 'commander', 'manager', 'admin'] as const;
export type Role = (typeof ROLES)[number];

export const ROLE_LABELS: Record<Role, string> = {
  viewer: 'Viewer',
  responder: 'Responder',
  commander: 'Incident commander',
  manager: 'Manager',
  admin: 'Admin',
};

/**
 * Every permission with the least role that has it. Least privilege: a viewer reads; a responder, who is on call, acts
 * on production; a commander also lifts locks and decides about freezes and schedules; a manager reads the audit log; an
 * admin manages people and everybody's tokens. `account.manage` is about one's own sessions, tokens and password.
 */
export const PERMISSIONS = {
  'overview.read': 'viewer',
  'runs.read': 'viewer',
  'deployments.read': 'viewer',
  'deployments.deploy': 'responder',
  'deployments.rollback': 'responder',
  'deployments.check': 'responder',
  'releases.mark': 'responder',
  'runs.cancel': 'responder',
  'runs.resume': 'responder',
  'environments.lock': 'responder',
  'environments.unlock': 'commander',
  'runs.approve': 'responder',
  'freezes.manage': 'commander',
  'freezes.override': 'commander',
  'maintenance.read': 'viewer',
  'maintenance.toggle': 'responder',
  'security.read': 'responder',
  'security.report': 'responder',
  'security.lockdown': 'commander',
  'emergency.run': 'responder',
  'schedules.read': 'viewer',
  'metrics.read': 'viewer',
  'metrics.push': 'responder',
  'schedules.manage': 'commander',
  'checks.read': 'viewer',
  'checks.manage': 'commander',
  'rules.read': 'viewer',
  'rules.manage': 'commander',
  'alerts.read': 'viewer',
  'alerts.acknowledge': 'responder',
  'alerts.manage': 'commander',
  'incidents.read': 'viewer',
  'incidents.manage': 'responder',
  'playbooks.manage': 'commander',
  'postmortems.read': 'viewer',
  'postmortems.manage': 'responder',
  'postmortems.approve': 'commander',
  'status.manage': 'responder',
  'status.configure': 'commander',
  'drills.run': 'responder',
  'deliveries.read': 'viewer',
  'deliveries.retry': 'responder',
  'channels.manage': 'admin',
  'configuration.read': 'responder',
  'audit.read': 'manager',
  'account.manage': 'viewer',
  'tokens.manage': 'admin',
  'people.manage': 'admin',
} as const satisfies Record<string, Role>;

export type Permission = keyof typeof PERMISSIONS;

/** Who may be asked about: anything with a type and a role. */
export interface Subject {
  type: 'user' | 'system' | 'anonymous';
  role: string | null;
  /** Set when the person acts through an API token: what it may do at most. */
  token?: { scopes: readonly string[] } | null;
}

/**
 * The one resolver, used by commands, queries and the interface. The console itself may do everything that it is wired
 * to do; nobody without a known role may do anything; a token has what its person's role and its scopes both allow.
 */
export function can(subject: Subject, permission: Permission): boolean {
  if (subject.type === 'system') return true;
  if (subject.type !== 'user') return false;
  if (subject.token && !subject.token.scopes.includes(permission)) return false;
  const has = ROLES.indexOf(subject.role as Role);
  return has >= 0 && has >= ROLES.indexOf(PERMISSIONS[permission]);
}

/** Everything that the subject may do, in the order of {@link PERMISSIONS}. */
export function permissionsOf(subject: Subject): Permission[] {
  return (Object.keys(PERMISSIONS) as Permission[]).filter((permission) => can(subject, permission));
}

/** True when the subject may do all that a role may: nobody hands out more than they have. */
export function mayGrant(subject: Subject, role: Role): boolean {
  return permissionsOf({ type: 'user', role }).every((permission) => can(subject, permission));
}

/** The sentence that a disabled control or a refusal shows; of a subject whose role is enough, the token is to blame. */
export function whyNot(permission: Permission, subject?: Subject): string {
  if (subject?.token && can({ ...subject, token: null }, permission)) {
    return `This token does not have the scope ${permission}.`;
  }
  return `Needs the role ${ROLE_LABELS[PERMISSIONS[permission]]} or above.`;
}

export const PASSWORD_MIN = 12;

const emailField = z
  .string()
  .check(
    z.trim(),
    z.toLowerCase(),
    z.maxLength(254),
    z.email('Enter an e-mail address, like name@example.com.'),
  );
const passwordField = z.string().check(z.minLength(1, 'Enter the password.'), z.maxLength(200));
const newPasswordField = z
  .string()
  .check(z.minLength(PASSWORD_MIN, `Use at least ${PASSWORD_MIN} characters.`), z.maxLength(200));
const nameField = z.string().check(z.trim(), z.minLength(1, 'Enter a name.'), z.maxLength(100));
const linkTokenField = z
  .string()
  .check(
    z.minLength(20, 'This link is not complete. Copy it whole.'),
    z.maxLength(200, 'This is no link of this console.'),
  );
const idField = z.uuid('This is not an id of this console.');
/** Also the words of a query string, such as `?everybody=true`. */
const flagField = z.optional(z.union([z.boolean(), z.stringbool()]));

export const loginInput = z.object({
  email: emailField,
  password: passwordField,
  redirectTo: z.optional(z.string()),
});

export const reauthenticateInput = z.object({
  password: z.string().check(z.minLength(1, 'Enter your password.'), z.maxLength(200)),
});

export const setupLinkInput = z.object({ token: z.string().check(z.maxLength(200)) });

export const createFirstAdminInput = z.object({
  token: z.string().check(z.minLength(20, 'This link is not complete. Copy it whole from the terminal.')),
  name: z.string().check(z.trim(), z.minLength(1, 'Enter your name.'), z.maxLength(100)),
  email: emailField,
  password: newPasswordField,
});

/** What a request without anything to say brings. */
export const nothingInput = z.object({});

export const TOKEN_DAYS_MAX = 365;
/** How long a token lasts when nobody says otherwise, days. */
export const TOKEN_DAYS_DEFAULT = 90;
/** The same for a token made with a password, which is what `ops login` does. */
export const LOGIN_TOKEN_DAYS_DEFAULT = 30;
/** Active tokens that a person may have at once. */
export const TOKENS_MAX = 50;

const permission = z.enum(Object.keys(PERMISSIONS) as [Permission, ...Permission[]]);
const scopesField = z
  .array(permission)
  .check(z.minLength(1, 'Choose at least one.'), z.maxLength(Object.keys(PERMISSIONS).length));
const daysField = z.coerce
  .number()
  .check(
    z.int('Enter whole days.'),
    z.minimum(1, 'Enter 1 day or more.'),
    z.maximum(TOKEN_DAYS_MAX, `Enter ${TOKEN_DAYS_MAX} days or less.`),
  );

/** `days` is {@link TOKEN_DAYS_DEFAULT} when absent. */
export const createTokenInput = z.object({
  name: nameField,
  scopes: scopesField,
  days: z.optional(daysField),
});

/** `scopes` are all that the person's role has, and `days` {@link LOGIN_TOKEN_DAYS_DEFAULT}, when absent. */
export const createTokenWithPasswordInput = z.object({
  email: emailField,
  password: passwordField,
  name: nameField,
  scopes: z.optional(scopesField),
  days: z.optional(daysField),
});

export const revokeTokenInput = z.object({ tokenId: idField });
export const listTokensInput = z.object({ everybody: flagField });

const roleField = z.enum(ROLES, 'Choose a role.');
export const createPersonInput = z.object({ name: nameField, email: emailField, role: roleField });
export const changeRoleInput = z.object({ userId: idField, role: roleField });
/** As in the list of handles; empty: none. */
const slackHandleField = z.string().check(
  z.trim(),
  z.toLowerCase(),
  z.overwrite((value: string) => value.replace(/^@/, '')),
  z.regex(
    /^([a-z0-9][a-z0-9._-]{0,59})?$/,
    'Enter a handle, like @rosa: letters, digits, - _ and dots, or leave it empty.',
  ),
  z.describe('As the list of handles has it, without its Slack id; empty: none.'),
);
export const setOwnSlackHandleInput = z.object({ slackHandle: slackHandleField });
export const setSlackHandleInput = z.object({ userId: idField, slackHandle: slackHandleField });
export const personInput = z.object({ userId: idField });
export const disablePersonInput = z.object({
  userId: idField,
  reason: z.string().check(z.trim(), z.minLength(1, 'Say why.'), z.maxLength(500)),
});

export const invitationInput = z.object({ token: z.string().check(z.maxLength(200)) });
export const acceptInvitationInput = z.object({ token: linkTokenField, password: newPasswordField });
export const changePasswordInput = z.object({
  currentPassword: z.string().check(z.minLength(1, 'Enter your current password.'), z.maxLength(200)),
  newPassword: newPasswordField,
});

export const endSessionInput = z.object({
  sessionId: z.string().check(z.regex(/^[0-9a-f]{64}$/, 'This is not the id of a session.')),
});
export const listSessionsInput = z.object({ everybody: flagField });

const maybeTime = z.nullable(timestamp);

export const TOKEN_STATUSES = ['active', 'expired', 'revoked'] as const;
export type TokenStatus = (typeof TOKEN_STATUSES)[number];

export const TOKEN_STATUS_LABELS: Record<TokenStatus, string> = {
  active: 'Active',
  expired: 'Expired',
  revoked: 'Revoked',
};

export const tokenView = z.object({
  id: z.string(),
  name: z.string(),
  /** The token's last four characters. */
  hint: z.string(),
  ownerId: z.string(),
  ownerName: z.string(),
  /** Permissions at most; the owner's role narrows them further. */
  scopes: z.array(z.string()),
  status: z.enum(TOKEN_STATUSES),
  createdAt: timestamp,
  expiresAt: timestamp,
  lastUsedAt: maybeTime,
  revokedAt: maybeTime,
  revokedByName: z.nullable(z.string()),
});
export type TokenView = z.infer<typeof tokenView>;

/** A new token. `secret` is told once; null when the same request is answered again. */
export const createdToken = z.object({ token: tokenView, secret: z.nullable(z.string()) });
export type CreatedToken = z.infer<typeof createdToken>;

export const PERSON_STATUSES = ['active', 'invited', 'disabled'] as const;
export type PersonStatus = (typeof PERSON_STATUSES)[number];

export const PERSON_STATUS_LABELS: Record<PersonStatus, string> = {
  active: 'Active',
  invited: 'Invited',
  disabled: 'Disabled',
};

export const personView = z.object({
  id: z.string(),
  name: z.string(),
  email: z.string(),
  role: z.enum(ROLES),
  /** `invited` has no password yet; `disabled` is also a demo person where those may not sign in. */
  status: z.enum(PERSON_STATUSES),
  /** What Slack's messages call them by, without @; null: nothing. */
  slackHandle: z.nullable(z.string()),
  isDemo: z.boolean(),
  createdAt: timestamp,
  lastSeenAt: maybeTime,
  openSessions: z.number(),
  activeTokens: z.number(),
});
export type PersonView = z.infer<typeof personView>;

export const setupLink = z.object({
  /** Path on this console; holds the one-time token, so it is shown once and kept nowhere. */
  path: z.string(),
  expiresAt: timestamp,
});
export type SetupLink = z.infer<typeof setupLink>;

/** A person and the link by which they choose a password, told once; null when the same request is answered again. */
export const invitedPerson = z.object({ person: personView, link: z.nullable(setupLink) });
export type InvitedPerson = z.infer<typeof invitedPerson>;

export const invitationView = z.object({
  isOpen: z.boolean(),
  /** Whose it is, and whether they choose a new password; null and false for a link that does not open. */
  name: z.nullable(z.string()),
  email: z.nullable(z.string()),
  hasPassword: z.boolean(),
});
export type InvitationView = z.infer<typeof invitationView>;

export const sessionView = z.object({
  /** The hash of the cookie's token: it opens nothing. */
  id: z.string(),
  userId: z.string(),
  userName: z.string(),
  /** It is the session of the request that asks. */
  isCurrent: z.boolean(),
  createdAt: timestamp,
  lastSeenAt: timestamp,
  expiresAt: timestamp,
  ipAddress: z.nullable(z.string()),
  userAgent: z.nullable(z.string()),
});
export type SessionView = z.infer<typeof sessionView>;

/** How many sessions were ended. */
export const endedSessions = z.object({ ended: z.number() });
export type EndedSessions = z.infer<typeof endedSessions>;

export const meView = z.object({
  id: z.string(),
  name: z.string(),
  email: z.string(),
  role: z.enum(ROLES),
  slackHandle: z.nullable(z.string()),
  isDemo: z.boolean(),
  /** Everything that this request's caller may do: by the role and, through a token, its scopes. */
  permissions: z.array(permission),
  /** The token that the request came with, null in a browser. */
  token: z.nullable(z.object({ id: z.string(), name: z.string(), expiresAt: timestamp })),
});
export type MeView = z.infer<typeof meView>;

/** The person behind a request, as pages know them. */
export interface Viewer {
  id: string;
  name: string;
  email: string;
  role: Role;
}

export interface DemoPerson {
  name: string;
  email: string;
  password: string;
  role: Role;
}
