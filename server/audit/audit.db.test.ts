import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recordAudit } from '#server/audit/commands';
import { listAudit, readAuditBatch } from '#server/audit/queries';
import type { Ctx } from '#server/platform/context';
import type { TestApp } from '#server/testing/context';
import { cookieOf, createWebTestApp, startTestWebServer } from '#server/testing/web-server';

let app: TestApp;
let manager: Ctx;

beforeAll(async () => {
  app = await createWebTestApp();
  manager = await app.asRole('manager');
});
afterAll(async () => {
  await app.close();
});

async function add(
  ctx: Ctx,
  entries: { action: string; label?: string; reason?: string; service?: string }[],
) {
  await ctx.transaction(async (tx) => {
    for (const { action, label, reason, service } of entries) {
      await recordAudit(tx, {
        action,
        target: { type: 'thing', label },
        reason,
        service,
        environment: service ? 'production' : null,
      });
    }
  });
}

describe('the audit log', () => {
  it('is written only with the change it tells of', async () => {
    await expect(recordAudit(app.system, { action: 'x', target: { type: 'thing' } })).rejects.toThrow(
      'outside a transaction',
    );
    await expect(
      app.system.transaction(async (tx) => {
        await recordAudit(tx, { action: 'rolled.back', target: { type: 'thing' } });
        throw new Error('the change failed');
      }),
    ).rejects.toThrow('the change failed');
    expect((await listAudit(manager, { action: 'rolled.back' })).total).toBe(0);
  });

  it('cannot be rewritten by the role that serves', async () => {
    await add(app.system, [{ action: 'fixed' }]);
    const db = app.database.client;
    await expect(db.$executeRaw`UPDATE audit_entry SET reason = 'other'`).rejects.toThrow();
    await expect(db.$executeRaw`DELETE FROM audit_entry`).rejects.toThrow();
    await expect(db.$executeRaw`TRUNCATE audit_entry`).rejects.toThrow();
  });

  it('pages newest first, without gap or repeat, and counts', async () => {
    await add(
      app.system,
      Array.from({ length: 25 }, (_each, at) => ({ action: 'page.me', label: `n${at}` })),
    );
    const first = await listAudit(manager, { action: 'page.me', pageSize: '10' });
    const third = await listAudit(manager, { action: 'page.me', pageSize: 10, page: 3 });
    expect(first.total).toBe(25);
    expect(first.rows.map((row) => row.targetLabel)).toEqual(
      Array.from({ length: 10 }, (_each, at) => `n${24 - at}`),
    );
    expect(third.rows.map((row) => row.targetLabel)).toEqual(['n4', 'n3', 'n2', 'n1', 'n0']);
    expect((await listAudit(manager, { action: 'page.me', page: 99 })).rows).toEqual([]);
  });

  it('counts what a search finds no further than the next pages need', async () => {
    await app.database.client.$executeRaw`
      INSERT INTO audit_entry (actor_type, actor_name, action, target_type)
      SELECT 'system', 'test', 'many.found', 'thing' FROM generate_series(1, 1100)`;
    const first = await listAudit(manager, { search: 'MANY.found', pageSize: 10 });
    expect(first).toMatchObject({ total: 1_000, isTotalExact: false });
    const later = await listAudit(manager, { search: 'many.found', pageSize: 10, page: 20 });
    expect(later).toMatchObject({ total: 1_100, isTotalExact: true });
    expect(later.rows).toHaveLength(10);
    expect(await listAudit(manager, { action: 'many.found' })).toMatchObject({
      total: 1_100,
      isTotalExact: true,
    });
  });

  it('filters by what is asked, taking wildcards literally', async () => {
    await add(manager, [
      { action: 'find.me', label: '100%', reason: 'why_not', service: 'shop' },
      { action: 'find.me', label: '1000', reason: 'whyXnot', service: 'other' },
    ]);
    const labels = async (filter: Record<string, unknown>) =>
      (await listAudit(manager, { action: 'find.me', ...filter })).rows.map((row) => row.targetLabel);
    expect(await labels({ search: '100%' })).toEqual(['100%']);
    expect(await labels({ search: 'why_not' })).toEqual(['100%']);
    expect(await labels({ service: 'other', environment: 'production' })).toEqual(['1000']);
    expect(await labels({ actor: 'test MANAGER' })).toHaveLength(2);
    expect(await labels({ actor: manager.actor.id })).toHaveLength(2);
    expect(await labels({ search: "'; DROP TABLE audit_entry; --" })).toEqual([]);
    expect((await listAudit(manager, {})).actions).toEqual(['find.me', 'fixed', 'many.found', 'page.me']);
  });

  it('gives an export every row once, whatever is added meanwhile', async () => {
    await add(
      app.system,
      Array.from({ length: 30 }, (_each, at) => ({ action: 'export.me', label: `n${at}` })),
    );
    const seen: string[] = [];
    let beforeId: string | undefined;
    do {
      const rows = await readAuditBatch(manager, { action: 'export.me', beforeId, limit: 7 });
      seen.push(...rows.map((row) => row.targetLabel ?? ''));
      beforeId = rows.at(-1)?.id;
      await add(app.system, [{ action: 'export.me', label: 'late' }]);
    } while (beforeId);
    expect(seen).toEqual(Array.from({ length: 30 }, (_each, at) => `n${29 - at}`));
  });

  it('is downloaded as CSV, filtered, complete over many portions, and harmless in a spreadsheet', async () => {
    await app.database.client.auditEntry.createMany({
      data: Array.from({ length: 2_345 }, () => ({
        actorType: 'system',
        actorName: '=HYPERLINK("http://evil.example")',
        action: 'csv.me',
        targetType: 'thing',
      })),
    });
    const web = await startTestWebServer(app);
    const response = await web.request('/audit.csv?action=csv.me&page=2', {
      cookie: await cookieOf(manager),
    });
    expect(response.headers.get('Content-Type')).toBe('text/csv; charset=utf-8');
    expect(response.headers.get('Content-Disposition')).toBe('attachment; filename="audit.csv"');
    const lines = (await response.text()).trimEnd().split('\r\n');
    expect(lines).toHaveLength(2_346);
    expect(
      new Set(lines.slice(1).map((line) => line.includes(`,"'=HYPERLINK(""http://evil.example"")",`))),
    ).toEqual(new Set([true]));
    const refused = await web.request('/audit.csv', {
      cookie: await cookieOf(await app.asRole('commander')),
    });
    expect(refused.status).toBe(403);
    const invalid = await web.request(`/audit.csv?search=${'x'.repeat(201)}`, {
      cookie: await cookieOf(manager),
    });
    expect(invalid.status).toBe(400);
    await web.close();
  });
});
