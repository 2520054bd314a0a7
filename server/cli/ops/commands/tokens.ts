import { PERMISSIONS, type Permission, type TokenView } from '#server/auth/contract';
import { type CommandInput, type Ops, textOf } from '#server/cli/ops/command';
import { findById, shortId } from '#server/cli/ops/commands/find-by-id';
import { usageFailure } from '#server/cli/ops/failure';
import { age, clean, when } from '#server/cli/ops/output/format';
import type { State } from '#server/cli/ops/output/paint';
import type { Column } from '#server/cli/ops/output/table';

const STATES: Record<TokenView['status'], State> = { active: 'ok', expired: 'quiet', revoked: 'quiet' };

export async function createToken(
  ops: Ops<'getMe' | 'createToken'>,
  input: CommandInput,
): Promise<undefined> {
  const scopes = scopesOf(input) ?? (await ops.call('getMe', {})).permissions;
  const created = await ops.call('createToken', {
    name: input.args[0] ?? '',
    scopes,
    days: textOf(input, 'days'),
  });
  const { token, secret } = created;
  ops.screen.notice(
    `Token "${clean(token.name)}" opens until ${when(token.expiresAt, ops.screen.now)}. It is shown this once:`,
  );
  ops.screen.show(created, () => [secret ?? '']);
  return undefined;
}

function scopesOf(input: CommandInput): Permission[] | null {
  const given = textOf(input, 'scopes');
  if (given === undefined) return null;
  const scopes = given.split(/[\s,]+/).filter(Boolean);
  const unknown = scopes.filter((scope) => !(scope in PERMISSIONS));
  if (unknown.length > 0) {
    throw usageFailure(
      `--scopes: there is no ${unknown.join(', ')}.`,
      `There are: ${Object.keys(PERMISSIONS).join(', ')}.`,
    );
  }
  return scopes as Permission[];
}

export async function listTokens(ops: Ops<'listTokens'>, input: CommandInput): Promise<undefined> {
  const everybody = input.options.everybody === true;
  const found = await ops.call('listTokens', everybody ? { everybody } : {});
  const { now } = ops.screen;
  const columns: Column<TokenView>[] = [
    { title: 'Id', cell: (token) => shortId(token.id) },
    { title: 'State', cell: (token) => ({ state: STATES[token.status], text: token.status }) },
    { title: 'Name', cell: (token) => token.name, flexible: true },
    ...(everybody ? [{ title: 'Owner', cell: (token: TokenView) => token.ownerName, flexible: true }] : []),
    { title: 'Ends in', cell: (token) => `…${token.hint}` },
    { title: 'Scopes', cell: (token) => String(token.scopes.length), right: true },
    {
      title: 'Used',
      cell: (token) => (token.lastUsedAt ? age(token.lastUsedAt, now) : 'never'),
      right: true,
    },
    { title: 'Expires', cell: (token) => age(token.expiresAt, now), right: true },
  ];
  ops.screen.table(found, found.rows, columns, 'There are no tokens: "ops token create <name>" makes one.');
  return undefined;
}

export async function revokeToken(
  ops: Ops<'getMe' | 'listTokens' | 'revokeToken'>,
  input: CommandInput,
): Promise<undefined> {
  const { permissions } = await ops.call('getMe', {});
  const everybody = permissions.includes('tokens.manage');
  const { rows } = await ops.call('listTokens', everybody ? { everybody } : {});
  const token = findById(rows, input.args[0] ?? '', { what: 'token', list: 'ops token list' });
  await ops.confirm({
    level: 'consequential',
    text: `Revoke the token "${clean(token.name)}" of ${clean(token.ownerName)}?`,
    name: token.name,
  });
  const revoked = await ops.call('revokeToken', { tokenId: token.id });
  ops.screen.show(revoked, () => [`Token "${clean(revoked.name)}" opens nothing any more.`]);
  return undefined;
}
