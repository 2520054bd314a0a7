import * as z from 'zod/mini';

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
  'schedules.read': 'viewer',
  'schedules.manage': 'commander',
  'drills.run': 'responder',
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

/** The sentence that a disabled control or a refusal shows. */
export function whyNot(permission: Permission): string {
  return `Needs the role ${ROLE_LABELS[PERMISSIONS[permission]]} or above.`;
}

export const PASSWORD_MIN = 12;

export const loginInput = z.object({
  email: z
    .string()
    .check(
      z.trim(),
      z.toLowerCase(),
      z.maxLength(254),
      z.email('Enter an e-mail address, like name@example.com.'),
    ),
  password: z.string().check(z.minLength(1, 'Enter the password.'), z.maxLength(200)),
  redirectTo: z.optional(z.string()),
});

export const reauthenticateInput = z.object({
  password: z.string().check(z.minLength(1, 'Enter your password.'), z.maxLength(200)),
});

export const setupLinkInput = z.object({ token: z.string().check(z.maxLength(200)) });

export const createFirstAdminInput = z.object({
  token: z.string().check(z.minLength(20, 'This link is not complete. Copy it whole from the terminal.')),
  name: z.string().check(z.trim(), z.minLength(1, 'Enter your name.'), z.maxLength(100)),
  email: z
    .string()
    .check(
      z.trim(),
      z.toLowerCase(),
      z.maxLength(254),
      z.email('Enter an e-mail address, like name@example.com.'),
    ),
  password: z
    .string()
    .check(z.minLength(PASSWORD_MIN, `Use at least ${PASSWORD_MIN} characters.`), z.maxLength(200)),
});

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
