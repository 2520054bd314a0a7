import { afterAll, beforeAll, expect, it } from 'vitest';
import { callApi, expectProblem } from '#server/testing/api-client';
import type { TestApp } from '#server/testing/context';
import { addPerson, addToken } from '#server/testing/people';
import { snapshotOf } from '#server/testing/snapshot';
import { createWebTestApp, startTestWebServer, type TestWebServer } from '#server/testing/web-server';

const LOCK = '/api/v1/environments/shop/production/lock';

let app: TestApp;
let web: TestWebServer;

beforeAll(async () => {
  app = await createWebTestApp({ env: { API_REQUESTS_PER_MINUTE: '3', API_ANONYMOUS_PER_MINUTE: '4' } });
  web = await startTestWebServer(app);
}, 60_000);
afterAll(async () => {
  await web.close();
  await app.close();
});

it('a token over its limit is told when to go on, nothing is done, and others go on', async () => {
  const person = await addPerson(app, 'responder');
  const [busy, other] = [
    await addToken(person.ctx, ['environments.lock']),
    await addToken(person.ctx, ['environments.lock']),
  ];
  for (const left of [2, 1, 0]) {
    const answer = await callApi(web, 'GET', '/api/v1/me', { token: busy.secret });
    expect([answer.status, answer.headers.get('RateLimit')]).toEqual([
      200,
      expect.stringContaining(`r=${left}`),
    ]);
  }
  const before = await snapshotOf(app);
  const over = await callApi(web, 'POST', LOCK, { token: busy.secret, body: { reason: 'A look' } });
  expect(expectProblem(over, 429, 'rate_limited').detail).toContain('Nothing was changed.');
  expect(Number(over.headers.get('Retry-After'))).toBeGreaterThan(0);
  expect(await snapshotOf(app)).toEqual(before);
  expect((await callApi(web, 'GET', '/api/v1/me', { token: other.secret })).status).toBe(200);
});

it('tokens that open nothing are counted by address, so that nobody tries them one by one', async () => {
  const guess = (at: number) =>
    callApi(web, 'GET', '/api/v1/me', { token: `hvo_${String(at).padEnd(43, 'x')}` });
  for (let at = 0; at < 4; at += 1) expectProblem(await guess(at), 401, 'unauthenticated');
  expectProblem(await guess(4), 429, 'rate_limited');
  expectProblem(await callApi(web, 'GET', '/api/v1/me'), 429, 'rate_limited');
  expect((await web.request('/api/health')).status).not.toBe(429);
});
