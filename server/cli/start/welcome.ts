import { createSetupLink } from '#server/auth/commands/create-first-admin';
import { bootstrap } from '#server/bootstrap';
import { systemActor } from '#server/platform/context';
import type { Env } from '#server/platform/env';
import { seed } from '../../../prisma/seed.js';

/**
 * Fills the database with what a console starts with.
 * @returns how a person gets in, one sentence
 */
export async function welcome(env: Env, url: string): Promise<string> {
  const { app, close } = await bootstrap('cli', { ...env, LOG_LEVEL: 'silent', DATABASE_POOL_SIZE: 2 });
  try {
    const ctx = app.for(systemActor('start'));
    await seed(ctx);
    if (env.DEMO_PEOPLE) return 'as one of the demo people that the login page lists';
    const link = await createSetupLink(ctx, {});
    if (!link) return 'with your e-mail address and password';
    return `make the first admin: ${new URL(link.path, url).href} (works once, until ${link.expiresAt})`;
  } finally {
    await close();
  }
}
