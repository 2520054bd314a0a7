import { mayAct } from '#server/auth/conditions';
import type { Role } from '#server/auth/contract';
import { actorOf } from '#server/auth/person';
import type { Actor, Ctx } from '#server/platform/context';
import { AppError } from '#server/platform/errors';

/**
 * The person with this e-mail address, for whoever works on this console's database itself: the login of the database
 * is the proof, and what they may do is what their role may.
 * @throws AppError `unauthenticated` when nobody has the address, or they are disabled or may not sign in here
 */
export async function findPersonToActAs(ctx: Ctx, email: string): Promise<Actor> {
  const [row] = await ctx.db.$queryRaw<
    { id: string; name: string; email: string; role: Role; may_act: boolean }[]
  >`
    SELECT u.id, u.name, u.email, u.role::text AS role, ${mayAct(ctx)} AS may_act
    FROM app_user u WHERE u.email = ${email.trim().toLowerCase()}`;
  if (row?.may_act) return actorOf(row);
  throw new AppError(
    'unauthenticated',
    row
      ? `${email} is disabled, or may not sign in here. Nothing was started.`
      : `Nobody here has the e-mail address ${email}. Nothing was started.`,
    { hint: 'Name somebody who may sign in, with --as or OPS_USER, or give a token.' },
  );
}
