import { hostname } from 'node:os';
import { type MeView, ROLE_LABELS } from '#server/auth/contract';
import { Credentials } from '#server/cli/ops/client/credentials';
import { type CommandInput, type Ops, textOf } from '#server/cli/ops/command';
import { EXIT } from '#server/cli/ops/exit-codes';
import { OpsFailure, usageFailure } from '#server/cli/ops/failure';
import { clean, when } from '#server/cli/ops/output/format';
import { renderPairs } from '#server/cli/ops/output/table';
import { askSecret } from '#server/cli/ops/prompt';

export async function login(ops: Ops<'logIn'>, input: CommandInput): Promise<undefined> {
  const { screen, settings, terminal } = ops;
  assertOverHttp(ops);
  if (!ops.canAsk) {
    throw usageFailure(
      'A password is asked for at a terminal only. Nothing was done.',
      'Without one, give a token: OPS_TOKEN or --token-file.',
    );
  }
  const email = textOf(input, 'email') ?? (await ops.ask('E-mail: ')).trim();
  const password = await askSecret(terminal, `Password for ${clean(email)} at ${settings.url}: `);
  const created = await ops
    .call('logIn', {
      email,
      password,
      name: `ops on ${hostname()}`.slice(0, 100),
      days: textOf(input, 'days'),
    })
    .catch((error: unknown) => {
      // To the console a wrong password is input that does not fit; here it is a login that failed.
      const isRefused = error instanceof OpsFailure && error.kind === 'unprocessable';
      throw isRefused
        ? new OpsFailure(EXIT.denied, error.message, { hint: error.hint, kind: error.kind })
        : error;
    });
  const { token, secret } = created;
  if (!secret) throw new OpsFailure(EXIT.unavailable, 'The console gave no token. Nothing was kept.');
  const credentials = new Credentials(terminal.env);
  credentials.keep(settings.url, {
    token: secret,
    tokenId: token.id,
    email: email.toLowerCase(),
    expiresAt: token.expiresAt,
  });
  screen.show({ url: settings.url, token, file: credentials.file }, () => [
    `Logged in at ${settings.url} as ${clean(token.ownerName)}, until ${when(token.expiresAt, screen.now)}.`,
    `The token is in ${credentials.file}; "ops logout" revokes it.`,
  ]);
  return undefined;
}

export async function logout(ops: Ops<'revokeToken'>): Promise<undefined> {
  const { screen, settings, terminal } = ops;
  assertOverHttp(ops);
  const credentials = new Credentials(terminal.env);
  const stored = credentials.find(settings.url);
  if (!stored) {
    throw new OpsFailure(EXIT.denied, `Not logged in at ${settings.url}.`, { kind: 'unauthenticated' });
  }
  // One that is revoked or expired already has nothing left to revoke.
  const isRevoked = await ops.call('revokeToken', { tokenId: stored.tokenId }).then(
    () => true,
    (error: unknown) => {
      const isOver = error instanceof OpsFailure && ['unauthenticated', 'conflict'].includes(error.kind);
      if (isOver) return false;
      throw error;
    },
  );
  credentials.forget(settings.url);
  screen.show({ url: settings.url, revoked: isRevoked }, () => [
    isRevoked
      ? `Logged out at ${settings.url}; the token is revoked.`
      : `Logged out at ${settings.url}; the token had ended.`,
  ]);
  return undefined;
}

function assertOverHttp({ settings }: Ops<never>): void {
  if (settings.direct) throw usageFailure('Logging in and out goes over HTTP only.', 'Leave --direct out.');
}

export async function whoami(ops: Ops<'getMe'>): Promise<undefined> {
  const me = await ops.call('getMe', {});
  const { now } = ops.screen;
  ops.screen.show(me, () =>
    renderPairs([
      ['Name', clean(me.name)],
      ['E-mail', clean(me.email)],
      ['Role', ROLE_LABELS[me.role]],
      ['At', ops.settings.direct ? 'the database, directly' : ops.settings.url],
      ['Token', tokenText(me, now)],
      ['May', me.permissions.join(', ')],
    ]),
  );
  return undefined;
}

function tokenText({ token }: MeView, nowMs: number): string | null {
  return token && `${clean(token.name)}, until ${when(token.expiresAt, nowMs)}`;
}
