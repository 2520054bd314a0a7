import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { protectedAction, protectedLoader } from '#app/http/protected.server';
import { recordAudit } from '#server/audit/commands';
import { createSetupLink } from '#server/auth/commands/create-first-admin';
import { defineCommand } from '#server/auth/guard';
import { hashPassword } from '#server/auth/passwords';
import { AppError } from '#server/platform/errors';
import type { TestApp } from '#server/testing/context';
import {
  cookieOf,
  createWebTestApp,
  formBody,
  pagesFromSource,
  startTestWebServer,
  type TestWebServer,
} from '#server/testing/web-server';

const PASSWORD = 'a long enough password';
let app: TestApp;
let web: TestWebServer;
let secure: TestWebServer;
let secureApp: TestApp;

/** A page with every kind of answer, made by the same wrappers as the real ones. */
function probeModule() {
  const rename = defineCommand({
    name: 'probe.rename',
    access: 'releases.mark',
    input: z.object({ title: z.string().min(3, 'Use at least 3 characters.') }),
    handle: async (ctx, input) =>
      recordAudit(ctx, { action: 'probe.renamed', target: { type: 'probe', label: input.title } }),
  });
  return {
    loader: protectedLoader({ access: 'runs.read' }, async ({ url }) => {
      const kind = url.searchParams.get('fail');
      if (kind === 'unexpected') throw new TypeError('secret detail of the database');
      if (kind === 'locked') throw new AppError('locked', 'Locked for a reason.', { hint: 'Lift it.' });
      return { ok: true };
    }),
    action: protectedAction({
      intents: {
        rename: {
          access: 'releases.mark',
          handle: async ({ ctx, form }) => {
            await rename(ctx, form);
            return { done: true };
          },
        },
        stale: {
          access: 'runs.read',
          handle: async () => {
            throw new AppError('stale_plan', 'The plan changed. Nothing was started.');
          },
        },
        unexpected: {
          access: 'runs.read',
          handle: async () => {
            throw new TypeError('secret detail of the database');
          },
        },
      },
    }),
    default: () => null,
  };
}

beforeAll(async () => {
  app = await createWebTestApp();
  const build = await pagesFromSource();
  const probe = { id: 'probe', parentId: 'root', path: 'probe', module: probeModule() as never };
  const routes = { ...build.routes, probe };
  const asset = {
    ...build.assets.routes['http/not-found.route'],
    id: 'probe',
    path: 'probe',
    hasErrorBoundary: false,
  };
  const assets = { ...build.assets, routes: { ...build.assets.routes, probe: asset as never } };
  web = await startTestWebServer(app, { build: { ...build, routes, assets } });
  secureApp = await createWebTestApp({
    env: { TRUST_PROXY: '1', PUBLIC_URL: 'https://ops.example' },
    database: app.testDatabase,
  });
  secure = await startTestWebServer(secureApp, { build });
});
afterAll(async () => {
  await web.close();
  await secure.close();
  await secureApp.close();
  await app.close();
});
beforeEach(async () => {
  await app.database.client.loginFailure.deleteMany();
});

async function personWithPassword(email: string) {
  const id = app.ids.uuid();
  await app.database.client.user.create({
    data: { id, email, name: 'Person', role: 'responder', passwordHash: await hashPassword(PASSWORD) },
  });
}

const auditCount = () => app.database.client.auditEntry.count();
const cookiesOf = (response: Response) => response.headers.getSetCookie();

describe('signing in', () => {
  it('works with a plain form, sets a cookie for scripts to not see, and goes back to where one was', async () => {
    await personWithPassword('form@x.example');
    const response = await web.request(
      '/login',
      formBody({ email: 'form@x.example', password: PASSWORD, redirectTo: '/audit?page=2' }),
    );
    expect([response.status, response.headers.get('Location')]).toEqual([303, '/audit?page=2']);
    const session = cookiesOf(response).find((each) => each.startsWith(`ops_session_${app.env.PORT}=`)) ?? '';
    expect(session).toMatch(/; HttpOnly; SameSite=Lax; Max-Age=43200$/);
    const cookie = session.split(';')[0] ?? '';
    expect((await web.request('/login', { cookie })).headers.get('Location')).toBe('/');
    const out = await web.request('/logout', { ...formBody({}), cookie });
    expect(cookiesOf(out).some((each) => /^ops_session_\d+=; .*Max-Age=0/.test(each))).toBe(true);
    expect((await web.request('/login', { cookie })).status).toBe(200);
  });

  it('does not meet the cookies of a console beside it, on another port of the host', async () => {
    const port = app.env.PORT;
    const cookie = await cookieOf(await app.asRole('viewer'));
    const beside = `ops_session_${port + 1}=other; ops_toast_${port + 1}=other; ${cookie}`;
    expect((await web.request('/login', { cookie: beside })).headers.get('Location')).toBe('/');
    const foreign = cookie.replace(`ops_session_${port}=`, `ops_session_${port + 1}=`);
    expect((await web.request('/login', { cookie: foreign })).status).toBe(200);
  });

  it('binds the cookie to the host over https', async () => {
    await personWithPassword('https@x.example');
    const response = await secure.request('/login', {
      ...formBody({ email: 'https@x.example', password: PASSWORD }),
      headers: {
        Origin: 'https://ops.example',
        'X-Forwarded-Proto': 'https',
        'X-Forwarded-Host': 'ops.example',
      },
    });
    expect(response.status).toBe(303);
    const session = cookiesOf(response).find((each) => each.includes('ops_session=')) ?? '';
    expect(session).toMatch(/^__Host-ops_session=[\w-]{43}; Path=\/; .*; Secure$/);
  });

  it('gives the form back with what was typed, but never the password', async () => {
    const wrong = 'wrong-and-secret-password';
    const response = await web.request('/login', formBody({ email: 'who@x.example', password: wrong }));
    const html = await response.text();
    expect(response.status).toBe(422);
    expect(html).toContain('do not fit together');
    expect(html).toContain('value="who@x.example"');
    expect(html).not.toContain(wrong);
    const invalid = await web.request('/login', formBody({ email: 'who', password: '' }));
    expect(invalid.status).toBe(400);
    expect(await invalid.text()).toContain('Enter an e-mail address');
  });

  it('is limited, with the time to wait', async () => {
    for (let attempt = 0; attempt < 5; attempt += 1) {
      await web.request('/login', formBody({ email: 'limit@x.example', password: 'no' }));
    }
    const response = await web.request('/login', formBody({ email: 'limit@x.example', password: 'no' }));
    expect(response.status).toBe(429);
    expect(Number(response.headers.get('Retry-After'))).toBeGreaterThan(800);
    expect(await response.text()).toContain('Too many failed attempts');
  });

  it.each([
    'https://evil.example',
    '//evil.example',
    '/\\evil.example',
    '/\t/evil.example',
    'javascript:alert(1)',
    '/login',
    '/logout',
  ])('never leads to %j', async (redirectTo) => {
    const email = `${app.ids.uuid()}@x.example`;
    await personWithPassword(email);
    const response = await web.request('/login', formBody({ email, password: PASSWORD, redirectTo }));
    expect([response.status, response.headers.get('Location')]).toEqual([303, '/']);
  });

  it('shows its toast once, at its page, whoever reads meanwhile', async () => {
    await personWithPassword('toast@x.example');
    const response = await web.request(
      '/login?redirectTo=/probe',
      formBody({ email: 'toast@x.example', password: PASSWORD, redirectTo: '/probe' }),
    );
    const cookie = cookiesOf(response)
      .map((each) => each.split(';')[0])
      .join('; ');
    const elsewhere = await web.request('/nowhere', { cookie });
    expect(await elsewhere.text()).not.toContain('Signed in as Person.');
    const byScript = await web.request('/probe.data', { cookie, headers: { 'Sec-Fetch-Dest': 'empty' } });
    expect(await byScript.text()).toContain('Signed in as Person.');
    for (const each of [elsewhere, byScript])
      expect(cookiesOf(each).filter((cookie) => cookie.startsWith('ops_toast'))).toEqual([]);
    const next = await web.request('/probe', { cookie });
    expect(await next.text()).toContain('Signed in as Person.');
    expect(cookiesOf(next).some((each) => /^ops_toast_\d+=; .*Max-Age=0/.test(each))).toBe(true);
  });

  it('keeps the first admin’s page behind the link, and signs in', async () => {
    const fresh = await createWebTestApp();
    const server = await startTestWebServer(fresh);
    const link = await createSetupLink(fresh.system, {});
    const path = link?.path ?? '';
    expect(await (await server.request('/login')).text()).toContain('Nobody can sign in yet');
    expect(await (await server.request('/setup/nonsense')).text()).toContain('does not open');
    const short = await server.request(
      path,
      formBody({ name: 'Ada', email: 'ada@x.example', password: 'short' }),
    );
    expect(short.status).toBe(400);
    const done = await server.request(
      path,
      formBody({ name: 'Ada', email: 'ada@x.example', password: PASSWORD }),
    );
    expect([done.status, done.headers.get('Location')]).toEqual([303, '/']);
    const again = await server.request(
      path,
      formBody({ name: 'Eve', email: 'eve@x.example', password: PASSWORD }),
    );
    expect(again.status).toBe(404);
    expect(await fresh.database.client.user.count()).toBe(1);
    await server.close();
    await fresh.close();
  });
});

describe('pages', () => {
  it('send the anonymous to the login and back', async () => {
    const response = await web.request('/audit?search=a&page=2');
    expect([response.status, response.headers.get('Location')]).toEqual([
      303,
      '/login?redirectTo=%2Faudit%3Fsearch%3Da%26page%3D2',
    ]);
  });

  it('tell those who may not, with the role they would need', async () => {
    const response = await web.request('/audit', { cookie: await cookieOf(await app.asRole('viewer')) });
    expect(response.status).toBe(403);
    const html = await response.text();
    expect(html).toContain('Needs the role Manager or above.');
    expect(html).toContain(response.headers.get('X-Request-Id') ?? 'no id');
  });

  it('whose address cannot be read are no failure of ours', async () => {
    expect((await web.request('/%E0%A4%A')).status).toBe(400);
    expect((await web.request('/assets/%E0%A4%A')).status).toBe(404);
  });

  it('that do not exist say so with 404, whatever the method', async () => {
    for (const init of [{}, formBody({})]) {
      const response = await web.request('/no/such/page', init);
      expect(response.status).toBe(404);
      expect(await response.text()).toContain('no page at this address');
    }
    const endpoint = await web.request('/api/no-such', { headers: { Accept: 'application/json' } });
    expect(endpoint.status).toBe(404);
    expect(await endpoint.json()).toMatchObject({ status: 404, kind: 'not_found' });
  });

  it('keep the details of an unexpected failure to themselves', async () => {
    const cookie = await cookieOf(await app.asRole('responder'));
    for (const init of [{}, formBody({ intent: 'unexpected' })]) {
      const response = await web.request('/probe?fail=unexpected', { cookie, ...init });
      expect(response.status).toBe(500);
      const html = await response.text();
      expect(html).not.toContain('secret detail');
      expect(html).toContain(response.headers.get('X-Request-Id') ?? 'no id');
    }
    const locked = await web.request('/probe?fail=locked', { cookie });
    expect(locked.status).toBe(423);
    expect(await locked.text()).toContain('Locked for a reason.');
  });
});

describe('actions', () => {
  const post = async (values: Record<string, string>, cookie?: string, path = '/probe') =>
    web.request(path, { ...formBody(values), ...(cookie ? { cookie } : {}) });

  it('tell somebody whose session ended that nothing was changed, instead of dropping the form', async () => {
    const before = await auditCount();
    const response = await post({ intent: 'rename', title: 'A title' }, `ops_session_${app.env.PORT}=ended`);
    expect(response.status).toBe(401);
    const html = await response.text();
    expect(html).toContain('Nothing was changed');
    expect(html).toContain('/login');
    const fetched = await post(
      { intent: 'rename', title: 'A title' },
      `ops_session_${app.env.PORT}=ended`,
      '/probe.data',
    );
    expect(fetched.status).toBe(401);
    expect(await auditCount()).toBe(before);
  });

  it('refuse the wrong role, the unknown intent and the missing one, and change nothing', async () => {
    const before = await auditCount();
    const viewer = await cookieOf(await app.asRole('viewer'));
    expect((await post({ intent: 'rename', title: 'A title' }, viewer)).status).toBe(403);
    expect((await post({ intent: 'toString', title: 'A title' }, viewer)).status).toBe(400);
    expect((await post({ title: 'A title' }, viewer)).status).toBe(400);
    const json = {
      method: 'POST',
      body: '{}',
      headers: { 'Content-Type': 'application/json' },
      cookie: viewer,
    };
    expect((await web.request('/probe', json)).status).toBe(400);
    expect(await auditCount()).toBe(before);
  });

  it('give back a form that can be mended, with its status', async () => {
    const responder = await cookieOf(await app.asRole('responder'));
    expect((await post({ intent: 'rename', title: 'x' }, responder)).status).toBe(400);
    expect((await post({ intent: 'stale' }, responder)).status).toBe(409);
    const before = await auditCount();
    expect((await post({ intent: 'rename', title: 'A title' }, responder)).status).toBe(200);
    expect(await auditCount()).toBe(before + 1);
  });

  it('do once what the same page sends twice, and what another text or another page asks for by itself', async () => {
    const cookie = await cookieOf(await app.asRole('responder'));
    const page = await (await web.request('/incidents/new', { cookie })).text();
    const requestKey = /name="requestKey" value="([^"]+)"/.exec(page)?.[1] ?? '';
    const declare = (title: string, key = requestKey) =>
      post({ intent: 'declare', title, requestKey: key }, cookie, '/incidents/new');
    const refused = await declare('');
    expect(refused.status).toBe(400);
    const answers = await Promise.all([1, 2, 3, 4].map(() => declare('The checkout fails')));
    const [first] = answers.map(({ headers }) => headers.get('Location'));
    expect(first).toMatch(/^\/incidents\/\d+$/);
    expect(answers.map(({ status, headers }) => [status, headers.get('Location')])).toEqual(
      answers.map(() => [303, first]),
    );
    const another = await declare('The search fails, too');
    const fromAnotherPage = await declare('The checkout fails', app.ids.uuid());
    const places = [first, another.headers.get('Location'), fromAnotherPage.headers.get('Location')];
    expect(new Set(places).size).toBe(3);
    expect(await app.database.client.incident.count()).toBe(3);
    const note = { intent: 'compose', version: '1', text: 'Rolled back', requestKey };
    await Promise.all([1, 2, 3].map(() => post(note, cookie, first ?? '')));
    expect(await app.database.client.incidentEntry.count({ where: { text: 'Rolled back' } })).toBe(1);
    const update = {
      ...{ intent: 'post', title: 'Paying fails', state: 'investigating', text: 'We look into it.' },
      ...{ nextUpdateMinutes: '20', requestKey },
    };
    const posted = await Promise.all([1, 2, 3].map(() => post(update, cookie, '/status-updates')));
    expect(posted.map(({ status }) => status)).toEqual([303, 303, 303]);
    expect(await app.database.client.statusUpdate.count()).toBe(1);
  });
});
