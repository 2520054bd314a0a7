import {
  type DemoPerson,
  type InvitationView,
  invitationInput,
  listSessionsInput,
  listTokensInput,
  type MeView,
  nothingInput,
  type PersonView,
  permissionsOf,
  type SessionView,
  setupLinkInput,
  type TokenView,
} from '#server/auth/contract';
import { DEMO_PEOPLE, demoPeopleAllowed } from '#server/auth/demo';
import { authorize, defineQuery } from '#server/auth/guard';
import { isFresh } from '#server/auth/require-password';
import { hashToken } from '#server/auth/tokens';
import { personViews, sessionViews, tokenViews } from '#server/auth/views';
import { AppError } from '#server/platform/errors';
import { Prisma } from '#server/platform/generated/prisma/client';

/** True when the caller has given the password so lately that what is drastic does not ask for it again. */
export const isPasswordFresh = defineQuery({
  name: 'auth.is-password-fresh',
  access: 'signed-in',
  input: nothingInput,
  handle: (ctx): Promise<boolean> => isFresh(ctx),
});

/** Tokens that ended longer ago than this are left to the audit log. */
const ENDED_TOKEN_DAYS = 90;

/** The people whom the login page offers, with their passwords; nobody where such people may not sign in. */
export const listDemoPeople = defineQuery({
  name: 'auth.list-demo-people',
  access: 'anyone',
  input: nothingInput,
  handle: async (ctx): Promise<DemoPerson[]> => {
    if (!demoPeopleAllowed(ctx.env)) return [];
    const present = await ctx.db.user.findMany({
      where: { isDemo: true, disabledAt: null },
      select: { email: true, role: true },
    });
    const roles = new Map(present.map((user) => [user.email, user.role]));
    return DEMO_PEOPLE.flatMap((person) => {
      const role = roles.get(person.email);
      return role ? [{ ...person, role }] : [];
    });
  },
});

/**
 * True while no admin but demo people can sign in, invited ones without a password included: then, and only then, a
 * setup link can be made and used.
 */
export const needsSetup = defineQuery({
  name: 'auth.needs-setup',
  access: 'anyone',
  input: nothingInput,
  handle: async (ctx): Promise<boolean> => {
    const admins = await ctx.db.user.count({
      where: { isDemo: false, role: 'admin', disabledAt: null, passwordHash: { not: null } },
    });
    return admins === 0;
  },
});

/** Whether a setup link still opens. */
export const checkSetupLink = defineQuery({
  name: 'auth.check-setup-link',
  access: 'anyone',
  input: setupLinkInput,
  handle: async (ctx, { token }): Promise<{ isOpen: boolean }> => {
    const [row] = await ctx.db.$queryRaw<{ open: boolean }[]>`
      SELECT EXISTS (SELECT 1 FROM setup_link
                     WHERE id = ${hashToken(token)} AND user_id IS NULL AND used_at IS NULL AND expires_at > clock_timestamp()) AS open`;
    return { isOpen: row?.open === true && (await needsSetup(ctx, {})) };
  },
});

/** Whether an invitation still opens, and whose it is. */
export const checkInvitation = defineQuery({
  name: 'auth.check-invitation',
  access: 'anyone',
  input: invitationInput,
  handle: async (ctx, { token }): Promise<InvitationView> => {
    const [row] = await ctx.db.$queryRaw<{ name: string; email: string; has_password: boolean }[]>`
      SELECT u.name, u.email, u.password_hash IS NOT NULL AS has_password
      FROM setup_link l JOIN app_user u ON u.id = l.user_id
      WHERE l.id = ${hashToken(token)} AND l.used_at IS NULL AND l.expires_at > clock_timestamp()
        AND u.disabled_at IS NULL AND NOT u.is_demo`;
    return row
      ? { isOpen: true, name: row.name, email: row.email, hasPassword: row.has_password }
      : { isOpen: false, name: null, email: null, hasPassword: false };
  },
});

/**
 * The caller's tokens, or with `everybody` those of all people, which needs `tokens.manage`: those that still open
 * first. Those that ended more than 90 days ago are left out.
 */
export const listTokens = defineQuery({
  name: 'auth.list-tokens',
  access: 'account.manage',
  input: listTokensInput,
  handle: async (ctx, { everybody }): Promise<TokenView[]> => {
    if (everybody) authorize(ctx, 'tokens.manage', 'auth.list-tokens');
    const whose = everybody ? Prisma.sql`true` : Prisma.sql`t.user_id = ${ctx.actor.id}::uuid`;
    return tokenViews(
      ctx,
      Prisma.sql`${whose} AND coalesce(t.revoked_at, t.expires_at)
        > clock_timestamp() - make_interval(days => ${ENDED_TOKEN_DAYS})`,
    );
  },
});

/** Everybody who was ever added, by name. */
export const listPeople = defineQuery({
  name: 'auth.list-people',
  access: 'people.manage',
  input: nothingInput,
  handle: (ctx): Promise<PersonView[]> => personViews(ctx, Prisma.sql`true`),
});

/** The caller's open sessions, or with `everybody` those of all people, which needs `people.manage`. */
export const listSessions = defineQuery({
  name: 'auth.list-sessions',
  access: 'account.manage',
  input: listSessionsInput,
  handle: async (ctx, { everybody }): Promise<SessionView[]> => {
    if (everybody) authorize(ctx, 'people.manage', 'auth.list-sessions');
    return sessionViews(ctx, everybody ? Prisma.sql`true` : Prisma.sql`s.user_id = ${ctx.actor.id}::uuid`);
  },
});

/**
 * Who the caller is and what they may do here and now.
 * @throws AppError `unprocessable` for the console itself
 */
export const getMe = defineQuery({
  name: 'auth.get-me',
  access: 'signed-in',
  input: nothingInput,
  handle: async (ctx): Promise<MeView> => {
    if (!ctx.actor.id) throw new AppError('unprocessable', 'The console itself is no person.');
    const { id, name, email, role, slackHandle, isDemo } = await ctx.db.user.findUniqueOrThrow({
      where: { id: ctx.actor.id },
    });
    const token = ctx.actor.token
      ? await ctx.db.apiToken.findUniqueOrThrow({
          where: { id: ctx.actor.token.id },
          select: { id: true, name: true, expiresAt: true },
        })
      : null;
    return {
      id,
      name,
      email,
      role,
      slackHandle,
      isDemo,
      permissions: permissionsOf(ctx.actor),
      token: token && { ...token, expiresAt: token.expiresAt.toISOString() },
    };
  },
});
