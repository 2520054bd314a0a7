import type { DemoPerson, Role } from '#server/auth/contract';
import { type Env, isLoopbackHost } from '#server/platform/env';

const NAMES: Record<Role, string> = {
  viewer: 'Vida Moreau',
  responder: 'Rémy Laurent',
  commander: 'Camille Roux',
  manager: 'Manon Petit',
  admin: 'Ada Fontaine',
};

/** One person of each role with a password that everybody may know. */
export const DEMO_PEOPLE: readonly DemoPerson[] = (Object.keys(NAMES) as Role[]).map((role) => ({
  role,
  name: NAMES[role],
  email: `${role}@demo.herbisveritas.example`,
  password: `${role}-herbisveritas`,
}));

/**
 * True when people with known passwords may sign in: asked for, and nobody but this machine can reach the console,
 * neither directly nor through a proxy.
 */
export function demoPeopleAllowed(env: Env): boolean {
  const publicHost = env.PUBLIC_URL ? new URL(env.PUBLIC_URL).hostname : env.HOST;
  return env.DEMO_PEOPLE && isLoopbackHost(env.HOST) && isLoopbackHost(publicHost) && env.TRUST_PROXY === 0;
}
