import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HANDLERS } from '#server/api/handlers';
import type { Operation } from '#server/api/operation';
import { OPERATIONS, type OperationId } from '#server/api/operations';
import { PERMISSIONS, type Permission, permissionsOf, ROLES, type Role } from '#server/auth/contract';
import { allows, EVERYBODY, heldBy } from '#server/testing/access';
import { type ApiAnswer, type ApiCall, callApi, expectProblem } from '#server/testing/api-client';
import type { TestApp } from '#server/testing/context';
import { addPerson, addToken } from '#server/testing/people';
import {
  cookieOf,
  createWebTestApp,
  startTestWebServer,
  type TestWebServer,
} from '#server/testing/web-server';

/*
 * Every operation of the API, called over HTTP by everybody: with a token, from a browser's session, and with tokens
 * whose scopes are narrower than their person's role. What `handlers.ts` says that it demands is what must happen.
 */

const table = Object.entries(OPERATIONS) as unknown as [OperationId, Operation][];
const EVERY_SCOPE = Object.keys(PERMISSIONS) as Permission[];
const NO_ID = '00000000-0000-7000-8000-000000000000';

/** What is sent for a field: well-formed, and of nothing that there is. */
const VALUES: Record<string, unknown> = {
  service: 'shop',
  environment: 'production',
  number: 1,
  tag: 'v0',
  planHash: '0'.repeat(64),
  reason: 'because',
  verdict: 'faulty',
  sessionId: '0'.repeat(64),
  name: 'Nobody',
  email: 'nobody@people.example',
  password: 'a password of nobody',
  role: 'viewer',
  scopes: ['account.manage'],
  cron: '0 4 * * *',
  timeZone: 'UTC',
};

/** Scopes that an operation needs of a token beside its own, because of what it gives out; its description says so. */
const ALSO_NEEDS: Partial<Record<OperationId, Permission[]>> = {
  listDrillPlaces: ['overview.read'],
  createPerson: permissionsOf({ type: 'user', role: 'viewer' }),
};

let app: TestApp;
let web: TestWebServer;
/** How each of everybody comes in: with a token of all that they may do, and with a browser. */
const ways = new Map<Role | null, { how: string; call: ApiCall }[]>();
/** A token of the admin with these scopes. */
let narrowed: (scopes: Permission[]) => Promise<string>;

beforeAll(async () => {
  app = await createWebTestApp({
    env: { API_REQUESTS_PER_MINUTE: '100000', API_ANONYMOUS_PER_MINUTE: '100000' },
  });
  web = await startTestWebServer(app);
  for (const role of ROLES) {
    const person = await addPerson(app, role);
    const { secret } = await addToken(person.ctx, permissionsOf(person.ctx.actor));
    // Somebody else: what one does with a token may end one's sessions.
    const { ctx } = await addPerson(app, role);
    const headers = { Cookie: await cookieOf(ctx), Origin: web.origin };
    ways.set(role, [
      { how: 'token', call: { token: secret } },
      { how: 'browser', call: { headers } },
    ]);
  }
  ways.set(null, [{ how: 'no token', call: {} }]);
  narrowed = async (scopes) => (await addToken((await addPerson(app, 'admin')).ctx, scopes)).secret;
}, 60_000);
afterAll(async () => {
  await web.close();
  await app.close();
});

function send({ method, path, input }: Operation, call: ApiCall): Promise<ApiAnswer> {
  const names = Object.keys(input._zod.def.shape);
  const valueFor = (name: string) => VALUES[name] ?? (name.endsWith('Id') ? NO_ID : undefined);
  const address = path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(String(valueFor(name) ?? NO_ID)),
  );
  const rest = names.filter((name) => !path.includes(`{${name}}`));
  const body = Object.fromEntries(rest.map((name) => [name, valueFor(name)]));
  return callApi(web, method.toUpperCase(), `/api/v1${address}`, {
    ...call,
    ...(method === 'get' ? {} : { body }),
  });
}

/** The caller came through: what it was answered is about what it sent, or that something is away. */
function isAdmitted({ status }: ApiAnswer): boolean {
  return ![401, 403, 405, 415, 500].includes(status);
}

describe('every operation of the API', () => {
  it('is open to anyone only where programs come in or ask whether the console is well', () => {
    const open = table.filter(([id]) => HANDLERS[id].access === 'anyone').map(([id]) => id);
    expect(open.sort()).toEqual(['getHealth', 'logIn']);
    expect(Object.keys(HANDLERS).sort()).toEqual(table.map(([id]) => id).sort());
  });

  it('writes by no method that only reads, and reads by no method that writes', () => {
    for (const [id, { method }] of table) {
      expect([id, HANDLERS[id].operation]).toEqual([id, method === 'get' ? 'query' : expect.any(String)]);
    }
    const asked = table.filter(([id, { method }]) => method !== 'get' && HANDLERS[id].operation === 'query');
    expect(asked.map(([id]) => id)).toEqual([]);
  });

  it('refuses exactly those whom the resolver leaves out, by token and by browser, and changes nothing then', async () => {
    const faults: string[] = [];
    for (const [id, operation] of table) {
      const { access } = HANDLERS[id];
      const before = await heldBy(app);
      for (const role of EVERYBODY.filter((each) => !allows(access, each))) {
        for (const { how, call } of ways.get(role) ?? []) {
          const answer = await send(operation, call);
          expectProblem(
            answer,
            role === null ? 401 : 403,
            role === null ? 'unauthenticated' : 'forbidden',
            `${id} as ${role}, ${how}`,
          );
        }
      }
      expect(await heldBy(app), id).toEqual(before);
      for (const role of EVERYBODY.filter((each) => allows(access, each))) {
        for (const { how, call } of ways.get(role) ?? []) {
          const answer = await send(operation, call);
          if (!isAdmitted(answer)) faults.push(`${id} as ${role ?? 'nobody'}, ${how}: ${answer.status}`);
        }
      }
    }
    expect(faults).toEqual([]);
  }, 300_000);

  it('needs its scope of a token, and no other one', async () => {
    const faults: string[] = [];
    const used = new Set(table.map(([id]) => HANDLERS[id].access));
    for (const access of used) {
      if (access === 'anyone') continue;
      const operations = table.filter(([id]) => HANDLERS[id].access === access);
      if (access === 'signed-in') {
        const any = await narrowed(['runs.read']);
        for (const [id, operation] of operations) {
          const answer = await send(operation, { token: any });
          if (!isAdmitted(answer)) faults.push(`${id} with any token: ${answer.status}`);
        }
        continue;
      }
      const without = await narrowed(EVERY_SCOPE.filter((scope) => scope !== access));
      const only = await narrowed([access]);
      const before = await heldBy(app);
      for (const [id, operation] of operations) {
        const problem = expectProblem(await send(operation, { token: without }), 403, 'forbidden', id);
        expect(problem.hint, id).toContain(access);
      }
      expect(await heldBy(app), access).toEqual(before);
      for (const [id, operation] of operations) {
        const more = ALSO_NEEDS[id];
        if (more) {
          expectProblem(await send(operation, { token: only }), 403, 'forbidden', id);
          expect(operation.description, id).toContain('token');
        }
        const token = more ? await narrowed([...new Set([access, ...more])]) : only;
        const answer = await send(operation, { token });
        if (!isAdmitted(answer)) faults.push(`${id} with ${[access, ...(more ?? [])]}: ${answer.status}`);
      }
    }
    expect(faults).toEqual([]);
  }, 300_000);
});
