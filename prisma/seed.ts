import { seedDemoPeople } from '#server/auth/commands/seed-demo-people';
import type { Ctx } from '#server/platform/context';

/**
 * Fills a console with what it starts with: where the settings allow them, one person of each role with a known
 * password. Running it again changes nothing.
 */
export async function seed(ctx: Ctx): Promise<void> {
  if (ctx.env.DEMO_PEOPLE) await seedDemoPeople(ctx, {});
}
