import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PERMISSIONS, ROLES, type Role } from '#server/auth/contract';
import type { Access, Guarded } from '#server/auth/guard';
import { listEndpoints } from '#server/http/endpoints';
import { HEALTH } from '#server/http/health';
import { createOwnMetrics } from '#server/http/own-metrics';
import { ANONYMOUS, type Ctx } from '#server/platform/context';
import { AppError } from '#server/platform/errors';
import { allows, EVERYBODY } from '#server/testing/access';
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

/** Functions of command and query files that are no operation of their own: their caller has checked the permission. */
const HELPERS: Record<string, string> = {
  '/server/audit/commands.ts#recordAudit': 'writes the entry of a command, in its transaction',
  '/server/notifications/commands.ts#enqueueNotification':
    'writes the notification of a command, in its transaction',
  '/server/services/queries.ts#environmentConfig': 'reads the configuration for other operations',
  '/server/services/queries.ts#findEnvironmentConfig': 'the same, where an environment may be gone',
  '/server/services/queries.ts#environmentViews': 'the same, of all environments',
  '/server/metrics/queries/measure-many.ts#measureMany': 'part of rules and tiles',
  '/server/metrics/queries/charts.ts#chartMany': 'part of the charts of an environment',
  '/server/metrics/queries/charts.ts#lastHeardOf': 'the same, and of tiles',
  '/server/deployments/queries/switches.ts#listSwitches': 'the same, as marks',
  '/server/runs/queries.ts#findRunSummaries': 'part of the queries of other domains',
  '/server/deployments/queries/environments.ts#findActiveRun': 'part of the previews',
  '/server/deployments/queries/environments.ts#toLockView': 'shapes a row',
  '/server/deployments/queries/deployments.ts#recentDeployments': 'part of the overview',
  '/server/deployments/queries/releases.ts#describeReleases': 'part of the queries about releases',
  '/server/deployments/queries/was-live.ts#wasLive': 'part of rules',
  '/server/deployments/queries/request-logs.ts#listRequestLogs': 'read by the worker',
  '/server/maintenance/commands/switch-toggles.ts#switchByConsole': 'called by the console itself',
  '/server/maintenance/queries.ts#enhancedIntervalSeconds': 'part of the checks',
  '/server/maintenance/queries.ts#isInMaintenance': 'part of rules and automatic actions',
  '/server/monitoring/security-events/queries.ts#countSecurityEvents': 'part of rules',
  '/server/monitoring/checks/queries/read-check-states.ts#readCheckStates': 'part of rules',
  '/server/monitoring/checks/queries/uptime.ts#uptime':
    'part of the queries about checks and of status pages',
  '/server/deployments/commands/request-runs.ts#requestFirstDeploy':
    'called by the console itself at its first start',
  '/server/deployments/commands/request-runs.ts#queueDeploy':
    'part of the requests of a deploy and of a drill',
};

/** What the anonymous may do, and why. */
const OPEN_TO_ANYONE: Record<string, string> = {
  '/server/auth/commands/sign-in.ts#login': 'the way in',
  '/server/auth/commands/sign-in.ts#logout': 'ends the caller’s own session, if there is one',
  '/server/auth/commands/create-first-admin.ts#createFirstAdmin': 'the one-time link is the permission',
  '/server/auth/commands/manage-tokens.ts#createTokenWithPassword': 'the way in of programs',
  '/server/auth/commands/join.ts#acceptInvitation': 'the one-time link is the permission',
  '/server/api/queries.ts#getApiDocument': 'says what there is to ask, of any console',
  '/server/http/health.ts#getHealth': 'probes have no account; it tells no secret',
  '/server/status/queries.ts#getPublicStatus': 'the public status page',
  '/server/auth/queries.ts#checkInvitation': 'the one-time link is the permission',
  '/server/auth/queries.ts#checkSetupLink': 'the one-time link is the permission',
  '/server/auth/queries.ts#needsSetup': 'the login page points to the link',
  '/server/auth/queries.ts#listDemoPeople': 'the login page of a console that only its machine reaches',
  'page root.tsx': 'frames every page; shows nothing before a login',
  'page auth/login.route.tsx': 'the way in',
  'intent auth/login.route.tsx default': 'the way in',
  'page auth/logout.route.tsx': 'leads back to the overview',
  'intent auth/logout.route.tsx default': 'ends the caller’s own session, if there is one',
  'page auth/setup.route.tsx': 'the one-time link is the permission',
  'intent auth/setup.route.tsx default': 'the one-time link is the permission',
  'page auth/join.route.tsx': 'the one-time link is the permission',
  'intent auth/join.route.tsx default': 'the one-time link is the permission',
  'page http/not-found.route.tsx': 'says that there is nothing',
  'intent http/not-found.route.tsx default': 'says that there is nothing',
  'page api/reference.route.tsx':
    'describes calls, and explains refusals to programs before they have a token',
  'page preferences/preferences.route.tsx': 'leads back',
  'intent preferences/preferences.route.tsx theme': 'a cookie of the caller’s own browser',
  'intent preferences/preferences.route.tsx rail': 'a cookie of the caller’s own browser',
  'intent preferences/preferences.route.tsx columns': 'a cookie of the caller’s own browser',
  'endpoint GET /api/health': 'probes have no account; it tells no secret',
  'endpoint GET /status': 'the public status page',
  'endpoint GET /status/history': 'the public status page',
  'endpoint GET /status/incidents/:number': 'the public status page',
  'endpoint GET /status.json': 'the public status page, for programs',
  'endpoint GET /status.rss': 'the public status page, for feed readers',
};

/** Writes that a permission to read, or any login, is enough for, and why. */
const WRITES_FOR_READERS: Record<string, string> = {
  '/server/auth/commands/sign-in.ts#reauthenticate': 'about the caller’s own session',
  '/server/schedules/commands.ts#runScheduleNow': 'asks for the permission of the schedule’s job',
  'intent schedules/run.route.tsx run': 'the same, by its page',
};

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
}, 300_000);
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
  }, 300_000);

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
  }, 300_000);

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
  }, 300_000);
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
