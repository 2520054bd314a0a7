import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findBearer } from '#server/auth/bearer';
import { disablePerson } from '#server/auth/commands/manage-people';
import { createToken, revokeToken } from '#server/auth/commands/manage-tokens';
import { can, type Permission, permissionsOf, TOKENS_MAX, tokenView } from '#server/auth/contract';
import { getMe, listTokens } from '#server/auth/queries';
import { isSessionLive } from '#server/auth/session';
import { hashToken } from '#server/auth/tokens';
import { createTestApp, type TestApp } from '#server/testing/context';
import { addPerson, addToken, failureOf, visitor, whileHeld } from '#server/testing/people';

const DAY_MS = 24 * 3_600_000;
let app: TestApp;

beforeAll(async () => {
  app = await createTestApp();
  // Somebody must be left when tests disable admins.
  await addPerson(app, 'admin', { name: 'Constant' });
});
afterAll(async () => {
  await app.close();
});

const use = (secret: string) => findBearer(visitor(app), `Bearer ${secret}`);
const through = async (secret: string) => app.for(await use(secret), { ipAddress: '10.30.0.1' });
const rowOf = (id: string) => app.database.client.apiToken.findUniqueOrThrow({ where: { id } });

async function auditOf(targetId: string) {
  const rows = await app.database.client.auditEntry.findMany({ where: { targetId }, orderBy: { id: 'asc' } });
  return rows.map(({ action, actorName, details }) => ({ action, actorName, details }));
}

/** Moves a token's times into the past, which only a clock can do in earnest. */
async function age(id: string, ms: number) {
  await app.database.client.$executeRaw`
    UPDATE api_token SET created_at = created_at - make_interval(secs => ${ms / 1000}),
      expires_at = expires_at - make_interval(secs => ${ms / 1000}) WHERE id = ${id}::uuid`;
}

describe('a new token', () => {
  it('is told once, kept as a hash, and recorded without its secret', async () => {
    const { ctx, id: ownerId, name: ownerName } = await addPerson(app, 'responder');
    const scopes: Permission[] = ['runs.read', 'deployments.rollback', 'runs.read'];
    const { token, secret } = await addToken(ctx, scopes);
    expect(secret).toMatch(/^hvo_[\w-]{43}$/);
    expect(tokenView.parse(token)).toEqual(token);
    expect(token).toMatchObject({
      hint: secret.slice(-4),
      ownerId,
      ownerName,
      scopes: ['runs.read', 'deployments.rollback'],
      status: 'active',
      lastUsedAt: null,
      revokedAt: null,
    });
    const row = await rowOf(token.id);
    expect(row.hash).toBe(hashToken(secret));
    expect(JSON.stringify(row)).not.toContain(secret.slice(4));
    expect(row.expiresAt.getTime() - row.createdAt.getTime()).toBeCloseTo(90 * DAY_MS, -4);
    const audit = await auditOf(token.id);
    expect(audit.map((entry) => entry.action)).toEqual(['auth.token.created']);
    expect(JSON.stringify(audit)).not.toContain(secret.slice(4));
    expect((await listTokens(ctx, {})).map((each) => each.id)).toEqual([token.id]);
  });

  it('lasts a day to a year', async () => {
    const { ctx } = await addPerson(app, 'viewer');
    const one = await addToken(ctx, ['runs.read'], 1);
    const most = await addToken(ctx, ['runs.read'], 365);
    expect(Date.parse(one.token.expiresAt) - Date.parse(one.token.createdAt)).toBeCloseTo(DAY_MS, -4);
    expect(Date.parse(most.token.expiresAt) - Date.parse(most.token.createdAt)).toBeCloseTo(365 * DAY_MS, -4);
    for (const days of [0, 366, 1.5, -1, 'soon', Number.NaN]) {
      const error = await failureOf(createToken(ctx, { name: 'x', scopes: ['runs.read'], days }));
      expect([error.kind, Object.keys(error.fields ?? {})]).toEqual(['invalid_input', ['days']]);
    }
    for (const input of [
      { name: '', scopes: ['runs.read'] },
      { name: 'x', scopes: [] },
      { name: 'x', scopes: ['nonsense'] },
      { name: 'x' },
    ]) {
      expect((await failureOf(createToken(ctx, input))).kind).toBe('invalid_input');
    }
  });

  it('has no more than the role of who makes it', async () => {
    const { ctx } = await addPerson(app, 'viewer');
    const error = await failureOf(
      createToken(ctx, { name: 'x', scopes: ['runs.read', 'deployments.rollback'] }),
    );
    expect(error.kind).toBe('forbidden');
    expect(error.message).toContain('deployments.rollback');
    expect(error.message).not.toContain('runs.read');
    expect(error.hint).toContain('Responder');
    expect(await listTokens(ctx, {})).toEqual([]);
  });

  it('has no more than the token that makes it, and ends no later', async () => {
    const { ctx } = await addPerson(app, 'admin');
    const parent = await addToken(ctx, ['account.manage', 'runs.read'], 30);
    const asToken = await through(parent.secret);
    for (const scopes of [['people.manage'], ['account.manage', 'tokens.manage'], permissionsOf(ctx.actor)]) {
      const error = await failureOf(createToken(asToken, { name: 'stronger', scopes }));
      expect(error.kind).toBe('forbidden');
      expect(error.hint).toContain('This token does not have the scope');
    }
    const tooLong = await failureOf(
      createToken(asToken, { name: 'longer', scopes: ['runs.read'], days: 31 }),
    );
    expect([tooLong.kind, Object.keys(tooLong.fields ?? {})]).toEqual(['invalid_input', ['days']]);
    const child = await addToken(asToken, ['runs.read']);
    const asLong = await addToken(asToken, ['runs.read'], 30);
    const shorter = await addToken(asToken, ['runs.read'], 2);
    expect(child.token.expiresAt).toBe(parent.token.expiresAt);
    expect(asLong.token.expiresAt).toBe(parent.token.expiresAt);
    expect(Date.parse(shorter.token.expiresAt)).toBeLessThan(Date.now() + 2 * DAY_MS + 60_000);
    const [entry] = await auditOf(child.token.id);
    expect(entry?.details).toMatchObject({ token: { id: parent.token.id, name: parent.token.name } });

    const narrow = await through((await addToken(ctx, ['runs.read'])).secret);
    expect((await failureOf(createToken(narrow, { name: 'x', scopes: ['runs.read'] }))).kind).toBe(
      'forbidden',
    );
    await revokeToken(ctx, { tokenId: parent.token.id });
    const late = await failureOf(createToken(asToken, { name: 'late', scopes: ['runs.read'] }));
    expect(late.kind).toBe('unauthenticated');
  });

  it(`is refused beyond ${TOKENS_MAX} active ones, also when they are asked for at once`, async () => {
    const { ctx, id } = await addPerson(app, 'viewer');
    for (let made = 0; made < TOKENS_MAX - 2; made += 1) await addToken(ctx, ['runs.read']);
    // Nothing is inserted until all of them are under way, so that a count alone would let them all in.
    const results = await whileHeld(app, [{ sql: 'LOCK TABLE api_token IN SHARE MODE' }], 4, () =>
      Promise.allSettled(
        Array.from({ length: 4 }, () => createToken(ctx, { name: 'race', scopes: ['runs.read'] })),
      ),
    );
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(2);
    expect(await app.database.client.apiToken.count({ where: { userId: id } })).toBe(TOKENS_MAX);
    const error = await failureOf(createToken(ctx, { name: 'x', scopes: ['runs.read'] }));
    expect([error.kind, error.message]).toEqual(['unprocessable', expect.stringContaining(`${TOKENS_MAX}`)]);
    const [first] = await listTokens(ctx, {});
    await revokeToken(ctx, { tokenId: first?.id });
    await addToken(ctx, ['runs.read']);
  }, 30_000);

  it('is not made for the console itself', async () => {
    expect((await failureOf(createToken(app.system, { name: 'x', scopes: ['runs.read'] }))).kind).toBe(
      'unprocessable',
    );
  });
});

describe('a token in use', () => {
  it('acts as its person within its scopes, and says so in the audit log', async () => {
    const { ctx, id } = await addPerson(app, 'commander');
    const { token, secret } = await addToken(ctx, ['account.manage', 'runs.read']);
    const asToken = await through(secret);
    expect(asToken.actor).toEqual({
      type: 'user',
      id,
      name: ctx.actor.name,
      role: 'commander',
      token: { id: token.id, name: 'Test token', scopes: ['account.manage', 'runs.read'] },
    });
    expect(permissionsOf(asToken.actor)).toEqual(['runs.read', 'account.manage']);
    expect(await getMe(asToken, {})).toMatchObject({
      id,
      role: 'commander',
      permissions: ['runs.read', 'account.manage'],
      token: { id: token.id, expiresAt: token.expiresAt },
    });
    expect((await getMe(ctx, {})).permissions).toEqual(permissionsOf({ type: 'user', role: 'commander' }));
  });

  it('is narrowed at once when its person’s role is', async () => {
    const { ctx, id } = await addPerson(app, 'commander');
    const { secret } = await addToken(ctx, ['freezes.manage', 'runs.read']);
    expect(can(await use(secret), 'freezes.manage')).toBe(true);
    await app.database.client.user.update({ where: { id }, data: { role: 'viewer' } });
    expect(permissionsOf(await use(secret))).toEqual(['runs.read']);
    await app.database.client.user.update({ where: { id }, data: { role: 'admin' } });
    expect(permissionsOf(await use(secret))).toEqual(['runs.read', 'freezes.manage']);
  });

  it('notes its last use at most once a minute', async () => {
    const { ctx } = await addPerson(app, 'viewer');
    const { token, secret } = await addToken(ctx, ['runs.read']);
    await findBearer(app.for(visitor(app).actor, { ipAddress: '10.30.0.2' }), `bearer  ${secret} `);
    const first = await rowOf(token.id);
    expect([first.lastUsedAt === null, first.lastUsedIp]).toEqual([false, '10.30.0.2']);
    await use(secret);
    expect(await rowOf(token.id)).toEqual(first);
    await app.database.client.$executeRaw`
      UPDATE api_token SET last_used_at = last_used_at - interval '61 seconds' WHERE id = ${token.id}::uuid`;
    await use(secret);
    expect((await rowOf(token.id)).lastUsedAt?.getTime()).toBeGreaterThanOrEqual(
      first.lastUsedAt?.getTime() ?? 0,
    );
    expect((await rowOf(token.id)).lastUsedIp).not.toBe('10.30.0.2');
  });

  it('is refused when it was revoked, has expired, or its person is shut out, and says which', async () => {
    const admin = await addPerson(app, 'admin', { name: 'Revoking Admin' });
    const owner = await addPerson(app, 'viewer');
    const revoked = await addToken(owner.ctx, ['runs.read']);
    const expired = await addToken(owner.ctx, ['runs.read'], 1);
    const good = await addToken(owner.ctx, ['runs.read']);
    const demo = await addToken((await addPerson(app, 'viewer', { isDemo: true })).ctx, ['runs.read']);
    const live = await Promise.all([revoked, expired, good].map(({ secret }) => through(secret)));
    for (const ctx of live) expect(await isSessionLive(ctx)).toBe(true);

    await revokeToken(admin.ctx, { tokenId: revoked.token.id });
    await age(expired.token.id, DAY_MS + 1_000);
    const unknown = await failureOf(use(`hvo_${'x'.repeat(43)}`));
    const messages: string[] = [];
    for (const { secret } of [revoked, expired, demo]) {
      const error = await failureOf(use(secret));
      expect(error.kind).toBe('unauthenticated');
      expect(error.message).not.toBe(unknown.message);
      messages.push(error.message);
    }
    expect(messages[0]).toMatch(/revoked by Revoking Admin at \d{4}-/);
    expect(messages[1]).toMatch(/expired at \d{4}-/);
    expect(messages[2]).toContain('demo person');
    expect(await Promise.all(live.map((ctx) => isSessionLive(ctx)))).toEqual([false, false, true]);

    await disablePerson(admin.ctx, { userId: owner.id, reason: 'left' });
    const disabled = await failureOf(use(good.secret));
    expect([disabled.kind, disabled.message]).toEqual([
      'unauthenticated',
      expect.stringContaining('disabled'),
    ]);
    expect(await isSessionLive(live[2] as (typeof live)[2])).toBe(false);
    expect((await rowOf(demo.token.id)).lastUsedAt).toBeNull();
  });

  it('answers everything that is no token of here with one same sentence', async () => {
    const { ctx } = await addPerson(app, 'viewer');
    const { secret, token } = await addToken(ctx, ['runs.read']);
    const wrong = [
      `hvo_${'x'.repeat(43)}`,
      secret.slice(0, -1),
      `${secret}x`,
      secret.slice(4),
      secret.toUpperCase(),
      token.id,
      hashToken(secret),
      "hvo_' OR true --",
    ];
    const answers = new Set<string>();
    for (const each of wrong) {
      const error = await failureOf(use(each.replace(/\s/g, '')));
      expect(error.kind).toBe('unauthenticated');
      answers.add(error.message);
    }
    expect(answers.size).toBe(1);
    for (const header of ['', 'Bearer', 'Bearer ', `Basic ${secret}`, secret, `Bearer ${secret} ${secret}`]) {
      const error = await failureOf(findBearer(visitor(app), header));
      expect([error.kind, error.message]).toEqual([
        'unauthenticated',
        expect.stringContaining('cannot be read'),
      ]);
    }
  });

  it('is no longer live for a stream once its person’s role has changed', async () => {
    const { ctx, id } = await addPerson(app, 'responder');
    const asToken = await through((await addToken(ctx, ['runs.read'])).secret);
    expect(await isSessionLive(asToken)).toBe(true);
    await app.database.client.user.update({ where: { id }, data: { role: 'viewer' } });
    expect(await isSessionLive(asToken)).toBe(false);
  });
});

describe('revoking', () => {
  it('closes a token once, and says who was first', async () => {
    const { ctx } = await addPerson(app, 'viewer', { name: 'First Revoker' });
    const { token, secret } = await addToken(ctx, ['runs.read']);
    const revoked = await revokeToken(ctx, { tokenId: token.id });
    expect(revoked).toMatchObject({ status: 'revoked', revokedByName: 'First Revoker' });
    expect((await failureOf(use(secret))).kind).toBe('unauthenticated');
    const again = await failureOf(revokeToken(ctx, { tokenId: token.id }));
    expect([again.kind, again.message]).toEqual(['conflict', expect.stringContaining('First Revoker')]);
    expect((await auditOf(token.id)).map((entry) => entry.action)).toEqual([
      'auth.token.created',
      'auth.token.revoked',
    ]);
  });

  it('is done by one of two at once', async () => {
    const { ctx } = await addPerson(app, 'viewer');
    const { token } = await addToken(ctx, ['runs.read']);
    const results = await Promise.allSettled([1, 2, 3].map(() => revokeToken(ctx, { tokenId: token.id })));
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1);
    expect(await auditOf(token.id)).toHaveLength(2);
  });

  it('reaches another person’s token with tokens.manage only, and so do lists', async () => {
    const owner = await addPerson(app, 'responder');
    const { token } = await addToken(owner.ctx, ['runs.read']);
    const manager = await addPerson(app, 'manager');
    const admin = await addPerson(app, 'admin');
    const narrow = await through((await addToken(admin.ctx, ['account.manage', 'people.manage'])).secret);
    for (const ctx of [manager.ctx, narrow]) {
      const error = await failureOf(revokeToken(ctx, { tokenId: token.id }));
      expect(error.kind).toBe('not_found');
      expect((await failureOf(listTokens(ctx, { everybody: true }))).kind).toBe('forbidden');
      expect((await listTokens(ctx, {})).map((each) => each.id)).not.toContain(token.id);
    }
    const wide = await through((await addToken(admin.ctx, ['account.manage', 'tokens.manage'])).secret);
    expect((await listTokens(wide, { everybody: 'true' })).map((each) => each.id)).toContain(token.id);
    expect((await listTokens(wide, { everybody: 'false' })).map((each) => each.id)).not.toContain(token.id);
    expect((await revokeToken(wide, { tokenId: token.id })).revokedByName).toBe(admin.name);
  });

  it('leaves ended tokens in the list for a while, after those that open', async () => {
    const { ctx } = await addPerson(app, 'viewer');
    const old = await addToken(ctx, ['runs.read'], 1);
    const ended = await addToken(ctx, ['runs.read'], 1);
    const open = await addToken(ctx, ['runs.read']);
    await age(old.token.id, 92 * DAY_MS);
    await age(ended.token.id, 2 * DAY_MS);
    expect((await listTokens(ctx, {})).map(({ id, status }) => [id, status])).toEqual([
      [open.token.id, 'active'],
      [ended.token.id, 'expired'],
    ]);
  });
});
