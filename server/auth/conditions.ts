import { demoPeopleAllowed } from '#server/auth/demo';
import type { Ctx } from '#server/platform/context';
import { Prisma } from '#server/platform/generated/prisma/client';

/*
 * The conditions under which somebody is let in, as SQL: told once, so that lists, logins, sessions and tokens agree.
 * The database's clock judges.
 */

/** On `app_user u`: neither disabled nor a demo person where those may not sign in. */
export function mayAct(ctx: Ctx): Prisma.Sql {
  return Prisma.sql`(u.disabled_at IS NULL AND (NOT u.is_demo OR ${demoPeopleAllowed(ctx.env)}))`;
}

/** On `session s`: neither unused for too long nor too old, also when the settings have become stricter. */
export function isOpenSession(ctx: Ctx): Prisma.Sql {
  return Prisma.sql`(s.expires_at > clock_timestamp()
    AND s.created_at > clock_timestamp() - make_interval(days => ${ctx.env.SESSION_MAX_DAYS}))`;
}

/** On `api_token t`: neither revoked nor expired. */
export const IS_ACTIVE_TOKEN: Prisma.Sql = Prisma.sql`(t.revoked_at IS NULL AND t.expires_at > clock_timestamp())`;
