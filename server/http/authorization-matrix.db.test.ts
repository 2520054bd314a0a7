import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PERMISSIONS, ROLES, type Role } from '#server/auth/contract';
import type { Access, Guarded } from '#server/auth/guard';
import { listEndpoints } from '#server/http/endpoints';
import { HEALTH } from '#server/http/health';
import { createOwnMetrics } from '#server/http/own-metrics';
import { ANONYMOUS, type Ctx } from '#server/platform/context';
import { AppError } from '#server/platform/errors';
import { allows, EVERYBODY } from '#server/testing/access';
import { HELPERS, OPEN_TO_ANYONE, WRITES_FOR_READERS } from '#server/testing/access-exceptions';
import type { TestApp } from '#server/testing/context';
import {
  cookieOf,
  createWebTestApp,
  formBody,
  loadPageRoutes,
  type PageRoute,
  startTestWebServer,
  type TestWebServer,
} from '#server/testing/web-server';

/*
 * Everything that a caller can reach is found by itself: operations by their files, pages by `app/routes.ts`, endpoints
 * by their table. What is found is called as everybody, and must be refused exactly to those whom `can` leaves out.
 */

type Operation = ((ctx: Ctx, input: unknown) => Promise<unknown>) & Guarded;

const sources = import.meta.glob<string>('/server/**/*.ts', { query: '?raw', import: 'default' });
const modules = import.meta.glob<Record<string, unknown>>('/server/**/*.ts');

let app: TestApp;
let web: TestWebServer;
let operations: [string, Operation][];
let strayFunctions: string[];
let pages: PageRoute[];
let root: Record<string, unknown>;
const people = new Map<Role | null, Ctx>();

beforeAll(async () => {
  app = await createWebTestApp();
  web = await startTestWebServer(app);
  for (const role of ROLES) people.set(role, await app.asRole(role));
  people.set(null, app.for(ANONYMOUS));
  ({ operations, strayFunctions } = await findOperations());
  pages = await loadPageRoutes();
  root = (await import.meta.glob<Record<string, unknown>>('/app/root.tsx')['/app/root.tsx']?.()) ?? {};
}, 600_000);
afterAll(async () => {
  await web.close();
  await app.close();
});

async function findOperations() {
  const found: [string, Operation][] = [];
  const stray: string[] = [];
  for (const [file, read] of Object.entries(sources)) {
    if (/\.test\.ts$|^\/server\/(testing|platform|cli)\/|\/drivers\//.test(file)) continue;
    const isOperationFile = /\/(commands|queries)(\/[^/]+)?\.ts$/.test(file);
    if (!isOperationFile && !/= define(Command|Query)\(/.test(await read())) continue;
    for (const [name, value] of Object.entries((await modules[file]?.()) ?? {})) {
      if (typeof value !== 'function') continue;
      if ('operation' in value) found.push([`${file}#${name}`, value as unknown as Operation]);
      else if (isOperationFile) stray.push(`${file}#${name}`);
    }
  }
  return { operations: found, strayFunctions: stray };
}

/** What a stranger may send: nothing, nonsense, and fields of the right name with the wrong content. */
const GARBAGE: unknown[] = [
  undefined,
  null,
  'nonsense',
  {},
  {
    runId: 'nonsense',
    service: '../..',
    environment: 7,
    tag: '',
    planHash: 'x',
    reason: '',
    page: -1,
    token: '',
    lockId: '',
  },
  {
    runId: '00000000-0000-7000-8000-000000000000',
    service: 'nowhere',
    environment: 'nowhere',
    tag: 'v0',
    planHash: '0'.repeat(64),
    reason: 'because',
    verdict: 'faulty',
    lockId: '00000000-0000-7000-8000-000000000000',
    userId: '00000000-0000-7000-8000-000000000000',
    tokenId: '00000000-0000-7000-8000-000000000000',
    sessionId: '0'.repeat(64),
    name: 'Nobody',
    email: 'nobody@people.example',
    role: 'viewer',
    scopes: ['runs.read'],
  },
];

/** Everything that a refused caller must leave as it was. */
async function stateOfTheWorld() {
  const [row] = await app.database.client.$queryRaw<Record<string, unknown>[]>`
    SELECT (SELECT count(*) FROM audit_entry) AS audit, (SELECT count(*) FROM run) AS runs, (SELECT count(*) FROM event) AS events,
           (SELECT count(*) FROM environment_lock) AS locks, (SELECT count(*) FROM release_mark) AS marks,
           (SELECT count(*) FROM app_user) AS people, (SELECT count(*) FROM setup_link) AS links,
           (SELECT count(*) FROM api_token WHERE revoked_at IS NULL) AS tokens, (SELECT count(*) FROM session) AS sessions`;
  return row;
}

describe('operations', () => {
  it('are found, and every other function of their files is accounted for', () => {
    const names = operations.map(([name]) => name);
    expect(names).toContain('/server/deployments/commands/request-runs.ts#requestRollback');
    expect(names.length).toBeGreaterThan(20);
    expect(strayFunctions.filter((name) => !(name in HELPERS))).toEqual([]);
    expect(Object.keys(HELPERS).filter((name) => !strayFunctions.includes(name))).toEqual([]);
  });

  it('are open to anyone, or written by readers, only where it says why', () => {
    const open = operations.filter(([, operation]) => operation.access === 'anyone').map(([name]) => name);
    expect(open.filter((name) => !(name in OPEN_TO_ANYONE))).toEqual([]);
    expect(
      Object.keys(OPEN_TO_ANYONE).filter((name) => name.startsWith('/') && !open.includes(name)),
    ).toEqual([]);
    const weak = operations
      .filter(
        ([, { operation, access }]) =>
          operation === 'command' && (access === 'signed-in' || access.endsWith('.read')),
      )
      .map(([name]) => name);
    expect(weak.filter((name) => !(name in WRITES_FOR_READERS))).toEqual([]);
  });

  it('refuse exactly those whom the resolver leaves out, whatever the input, and change nothing then', async () => {
    const faults: string[] = [];
    for (const [name, operation] of operations) {
      for (const role of EVERYBODY) {
        const allowed = allows(operation.access, role);
        const ctx = people.get(role) as Ctx;
        for (const input of allowed ? GARBAGE : GARBAGE.slice(-2)) {
          const before = allowed ? null : await stateOfTheWorld();
          const outcome = await operation(ctx, input).then(
            () => 'done',
            (error: unknown) => (error instanceof AppError ? error.kind : `threw ${String(error)}`),
          );
          const expected = role === null ? 'unauthenticated' : 'forbidden';
          const isRight = allowed
            ? outcome !== 'unauthenticated' && outcome !== 'forbidden' && !outcome.startsWith('threw')
            : outcome === expected;
          if (!isRight)
            faults.push(`${name} as ${role ?? 'nobody'} with ${JSON.stringify(input)}: ${outcome}`);
          if (before) expect(await stateOfTheWorld(), name).toEqual(before);
        }
      }
    }
    expect(faults).toEqual([]);
  }, 600_000);

  it('refuse a token that lacks the scope, whatever its person may do', async () => {
    const admin = people.get('admin') as Ctx;
    const faults: string[] = [];
    const before = await stateOfTheWorld();
    for (const [name, operation] of operations) {
      const { access } = operation;
      if (access === 'anyone' || access === 'signed-in') continue;
      const scopes = Object.keys(PERMISSIONS).filter((permission) => permission !== access);
      const token = { id: '00000000-0000-7000-8000-000000000000', name: 'all but one', scopes };
      const caller = admin.as({ ...admin.actor, token });
      for (const input of GARBAGE) {
        const outcome = await operation(caller, input).then(
          () => 'done',
          (error: unknown) => (error instanceof AppError ? error.kind : `threw ${String(error)}`),
        );
        if (outcome !== 'forbidden') faults.push(`${name} with ${JSON.stringify(input)}: ${outcome}`);
      }
    }
    expect(faults).toEqual([]);
    expect(await stateOfTheWorld()).toEqual(before);
  });
});

interface GuardedModule {
  loader?: { access?: Access };
  action?: { intents?: Record<string, Access> };
}

function accessOf(module: Record<string, unknown>) {
  return module as GuardedModule;
}

/** An address that the pattern matches; nothing lives there but the configured environment. */
function addressOf(pattern: string): string {
  return pattern
    .replace(/\*$/, 'nowhere')
    .replace(/:service\??/, 'shop')
    .replace(/:environment\??/, 'production')
    .replace(/:runId\??/, '00000000-0000-7000-8000-000000000000')
    .replace(/:[a-zA-Z]+\??/g, 'nonsense');
}

/** The page and the frames around it: all must allow the caller. */
function chainOf(page: PageRoute): PageRoute[] {
  const parent = pages.find((each) => each.id === page.parentId);
  return parent ? [...chainOf(parent), page] : [page];
}

async function cookieFor(role: Role | null): Promise<{ cookie: string } | Record<string, never>> {
  return role === null ? {} : { cookie: await cookieOf(people.get(role) as Ctx) };
}

describe('pages', () => {
  it('all load and write through the wrappers', () => {
    expect(pages.length).toBeGreaterThan(3);
    const faults: string[] = [];
    for (const { file, module } of [{ file: 'root.tsx', module: root }, ...pages]) {
      const { loader, action } = accessOf(module);
      if ('default' in module && !loader) faults.push(`${file} shows a page without a loader that guards it`);
      if (!loader && !action) faults.push(`${file} has neither loader nor action`);
      if (loader && !loader.access) faults.push(`${file}: its loader is not made by protectedLoader`);
      if (action && Object.keys(action.intents ?? {}).length === 0) {
        faults.push(`${file}: its action is not made by protectedAction, or has no intent`);
      }
    }
    expect(faults).toEqual([]);
  });

  it('are open to anyone, or written by readers, only where it says why', () => {
    const open: string[] = [];
    const weak: string[] = [];
    for (const { file, module } of [{ file: 'root.tsx', module: root }, ...pages]) {
      const { loader, action } = accessOf(module);
      if (loader?.access === 'anyone') open.push(`page ${file}`);
      for (const [intent, access] of Object.entries(action?.intents ?? {})) {
        if (access === 'anyone') open.push(`intent ${file} ${intent}`);
        else if (access === 'signed-in' || access.endsWith('.read')) weak.push(`intent ${file} ${intent}`);
      }
    }
    expect(open.filter((name) => !(name in OPEN_TO_ANYONE))).toEqual([]);
    expect(weak.filter((name) => !(name in WRITES_FOR_READERS))).toEqual([]);
    const gone = Object.keys(OPEN_TO_ANYONE).filter(
      (name) => /^(page|intent) /.test(name) && !open.includes(name),
    );
    expect(gone).toEqual([]);
  });

  it('open exactly to those whom the resolver lets in, over HTTP', async () => {
    const faults: string[] = [];
    for (const page of pages) {
      if (!accessOf(page.module).loader) continue;
      const needs = chainOf(page).map((each) => accessOf(each.module).loader?.access ?? 'anyone');
      const isResource = !('default' in page.module);
      for (const role of EVERYBODY) {
        const response = await web.request(addressOf(page.pattern), await cookieFor(role));
        await response.body?.cancel();
        const allowed = needs.every((access) => allows(access, role));
        const toLogin = response.headers.get('Location')?.startsWith('/login') ?? false;
        const refused = role === null ? response.status === 303 && toLogin : response.status === 403;
        const admitted = ![401, 403, 500].includes(response.status) && !toLogin;
        if (allowed ? !admitted : !refused) {
          faults.push(
            `${isResource ? 'resource' : 'page'} ${page.file} as ${role ?? 'nobody'}: ${response.status}`,
          );
        }
      }
    }
    expect(faults).toEqual([]);
  }, 600_000);

  it('take each action exactly from those whom the resolver lets, over HTTP', async () => {
    const faults: string[] = [];
    let intents = 0;
    for (const page of pages) {
      for (const [intent, access] of Object.entries(accessOf(page.module).action?.intents ?? {})) {
        intents += 1;
        for (const role of EVERYBODY) {
          const allowed = allows(access, role);
          const credentials = await cookieFor(role);
          const before = allowed ? null : await stateOfTheWorld();
          const values = { intent, service: 'shop', environment: 'production', tag: 'v0', reason: 'because' };
          const address = addressOf(page.pattern) + (page.index ? '?index' : '');
          const response = await web.request(address, { ...formBody(values), ...credentials });
          await response.body?.cancel();
          const expected = role === null ? 401 : 403;
          if (allowed ? [401, 403, 405, 500].includes(response.status) : response.status !== expected) {
            faults.push(`${page.file} ${intent} as ${role ?? 'nobody'}: ${response.status}`);
          }
          if (before) expect(await stateOfTheWorld(), `${page.file} ${intent}`).toEqual(before);
        }
      }
    }
    expect(intents).toBeGreaterThan(2);
    expect(faults).toEqual([]);
  }, 600_000);
});

describe('endpoints beside the pages', () => {
  it('open exactly to those whom the resolver lets in, over HTTP', async () => {
    const faults: string[] = [];
    for (const { method, path, access } of listEndpoints({
      app,
      statusCopy: web.statusCopy,
      streams: web.streams,
      ownMetrics: createOwnMetrics(app, app.for(ANONYMOUS).use(HEALTH)),
      readHealth: app.for(ANONYMOUS).use(HEALTH),
    })) {
      const name = `endpoint ${method.toUpperCase()} ${path}`;
      if (access === 'anyone' && !(name in OPEN_TO_ANYONE))
        faults.push(`${name} is open to anyone without a reason`);
      for (const role of EVERYBODY) {
        const body = method === 'get' ? {} : formBody({});
        const response = await web.request(addressOf(path), { ...body, ...(await cookieFor(role)) });
        await response.body?.cancel();
        const refused = response.status === (role === null ? 401 : 403);
        const admitted = ![401, 403, 404, 500].includes(response.status);
        if (allows(access, role) ? !admitted : !refused) {
          faults.push(`${name} as ${role ?? 'nobody'}: ${response.status}`);
        }
      }
    }
    expect(faults).toEqual([]);
  });
});
