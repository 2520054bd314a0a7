import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PERMISSIONS, type Permission } from '#server/auth/contract';
import { connectDirectly } from '#server/cli/ops/client/direct';
import { HttpClient } from '#server/cli/ops/client/http';
import { EXIT } from '#server/cli/ops/exit-codes';
import { runOps } from '#server/cli/ops/main';
import { requestFirstDeploy } from '#server/deployments/commands/request-runs';
import { drillJob } from '#server/deployments/drills/job';
import { previewDeploy } from '#server/deployments/queries/previews';
import { systemActor } from '#server/platform/context';
import { ensureSchedule } from '#server/schedules/ensure-schedule';
import { opsConfigSchema } from '#server/services/config';
import { callApi, expectProblem } from '#server/testing/api-client';
import { createFixtureConsole, type FixtureConsole, PLACE } from '#server/testing/fixture-console';
import { type AddedPerson, addPerson, addToken } from '#server/testing/people';
import { testTerminal } from '#server/testing/terminal';
import { cookieOf, formBody, startTestWebServer, type TestWebServer } from '#server/testing/web-server';

/*
 * A deploy that a second person must approve, asked for and approved by its own asker through every way into the console.
 * A worker runs all the time: whatever got through would be deployed.
 */

const API = '/api/v1/environments/shop/production';
const EVERY_SCOPE = Object.keys(PERMISSIONS) as Permission[];

let made: FixtureConsole;
let web: TestWebServer;
let asker: AddedPerson & { token: string; cookie: string };
let configFile: string;
let planHash: string;
const before = { env: { ...process.env }, folder: process.cwd() };

function settings() {
  const environment = made.config.services.shop?.environments.production;
  if (!environment) throw new Error('The fixture has no environment');
  return environment;
}

beforeAll(async () => {
  made = await createFixtureConsole({ approvals: ['deployments.deploy'] }, { RUN_LEASE_MS: '10000' });
  web = await startTestWebServer(made.app);
  made.work();
  const person = await addPerson(made.app, 'admin');
  const { secret } = await addToken(person.ctx, EVERY_SCOPE);
  asker = { ...person, token: secret, cookie: await cookieOf(person.ctx) };
  configFile = path.join(made.shop.folder, 'ops.config.mjs');
  writeFileSync(configFile, `export default ${JSON.stringify(made.config)};\n`);
  ({ planHash } = await previewDeploy(person.ctx, { ...PLACE, tag: 'v1.0.0' }));
}, 120_000);
afterAll(async () => {
  process.chdir(before.folder);
  Object.assign(process.env, before.env);
  await web.close();
  await made.close();
}, 60_000);

async function ops(line: string, direct: boolean) {
  const terminal = testTerminal();
  const words = [...line.split(' '), ...(direct ? ['--direct', '--as', asker.email] : [])];
  const exitCode = await runOps(words, terminal, {
    version: 'test',
    connect: async ({ settings: chosen, screen, signal }) =>
      direct
        ? connectDirectly(
            chosen,
            {
              NODE_ENV: 'test',
              DATABASE_URL: made.app.env.DATABASE_URL,
              SHOP_DATABASE_URL: made.app.env.DATABASE_URL,
              OPS_CONFIG: configFile,
            },
            screen,
          )
        : new HttpClient({ url: web.origin, token: asker.token, timeoutMs: 20_000, signal }),
  });
  return { exitCode, text: terminal.stdout.text + terminal.stderr.text };
}

const page = (address: string, values: Record<string, string>) =>
  web.request(address, { ...formBody(values), cookie: asker.cookie });
const api = (address: string, body: unknown) => callApi(web, 'POST', address, { token: asker.token, body });
const ask = 'deploy production --release v1.0.0 --yes --no-follow';

/** The one run there is: it awaits, and nothing of it was begun. */
async function theRun() {
  const runs = await made.app.system.db.run.findMany({ include: { steps: true } });
  expect(runs).toHaveLength(1);
  const [run] = runs;
  expect(run).toMatchObject({ status: 'awaiting_approval', startedAt: null, fence: expect.anything() });
  expect(run?.steps.every(({ status, attempt }) => status === 'pending' && attempt === 0)).toBe(true);
  expect(await made.app.system.db.deployment.count()).toBe(0);
  expect(await made.app.system.db.runApproval.count()).toBe(0);
  return run as NonNullable<typeof run>;
}

describe('a deploy that needs a second person', () => {
  it('awaits them whichever way it is asked for, and is one run however often', async () => {
    const byPage = await page('/shop/production/deployments/new?tag=v1.0.0', {
      intent: 'deploy',
      tag: 'v1.0.0',
      planHash,
    });
    expect(byPage.status).toBe(303);
    const { id } = await theRun();
    expect(byPage.headers.get('Location')).toBe(`/runs/${id}`);

    const byApi = await api(`${API}/deployments`, { tag: 'v1.0.0', planHash });
    expect([byApi.status, byApi.body]).toEqual([
      202,
      expect.objectContaining({ runId: id, created: false, status: 'awaiting_approval' }),
    ]);
    for (const direct of [false, true]) {
      const { exitCode, text } = await ops(ask, direct);
      expect([exitCode, text]).toEqual([EXIT.approval, expect.stringContaining('awaits approval')]);
    }
    // The console itself, at its first start.
    const first = await requestFirstDeploy(made.app.for(systemActor('start')), PLACE, 'v1.0.0');
    expect(first).toMatchObject({ runId: id, created: false, status: 'awaiting_approval' });
    expect((await theRun()).id).toBe(id);
  }, 60_000);

  it('is not approved by who asked for it, whichever way they come', async () => {
    const { id, number } = await theRun();
    for (const direct of [false, true]) {
      const { exitCode, text } = await ops(`approvals approve ${number} --yes`, direct);
      expect([exitCode, text]).toEqual([EXIT.denied, expect.stringContaining('You asked for it yourself')]);
    }
    expectProblem(await api(`/api/v1/runs/${id}/approve`, { planHash }), 403, 'forbidden');
    const byPage = await page(`/runs/${id}`, { intent: 'approve', planHash, runId: id });
    expect(byPage.ok || byPage.status === 303).toBe(false);
    await theRun();
  }, 60_000);

  it('does not begin by being resumed, whichever way', async () => {
    const { id, number } = await theRun();
    expectProblem(await api(`/api/v1/runs/${id}/resume`, {}), 409, 'conflict');
    for (const direct of [false, true]) {
      const { exitCode, text } = await ops(`runs resume ${number} --yes --no-follow`, direct);
      expect([exitCode, text]).toEqual([EXIT.refused, expect.stringContaining('cannot be resumed')]);
    }
    const byPage = await page(`/runs/${id}`, { intent: 'resume' });
    expect(byPage.ok || byPage.status === 303).toBe(false);
    await theRun();
  }, 60_000);

  it('is not had by a drill or by the clock: a practice environment needs none, and no other one has drills', async () => {
    const { id } = await theRun();
    const config = {
      services: {
        shop: {
          ...made.config.services.shop,
          environments: { production: { ...settings(), practice: true } },
        },
      },
    };
    const parsed = opsConfigSchema.safeParse(config);
    expect(parsed.success ? [] : parsed.error.issues.map(({ message }) => message)).toEqual([
      expect.stringContaining('a practice environment cannot need approvals'),
    ]);
    const drill = await api(`${API}/drills`, {});
    expectProblem(drill, 422, 'unprocessable');
    await ensureSchedule(made.app.system, {
      ...PLACE,
      key: 'drill',
      job: drillJob.id,
      title: 'Drill',
      cron: '* * * * *',
      timeZone: 'UTC',
      overlap: 'skip',
      missed: 'skip',
    });
    const { id: scheduleId } = await made.app.system.db.schedule.findFirstOrThrow();
    expectProblem(await api(`/api/v1/schedules/${scheduleId}/run`, {}), 422, 'unprocessable');
    await expect(drillJob.prepare(made.app.for(systemActor('Drill')), PLACE as never)).rejects.toMatchObject({
      kind: 'unprocessable',
    });
    expect((await theRun()).id).toBe(id);
  }, 60_000);

  it('begins once somebody else has approved it', async () => {
    const { id } = await theRun();
    const second = await addPerson(made.app, 'responder');
    const { secret } = await addToken(second.ctx, ['runs.approve', 'deployments.deploy']);
    const approved = await callApi(web, 'POST', `/api/v1/runs/${id}/approve`, {
      token: secret,
      body: { planHash },
    });
    expect(approved.status).toBe(200);
    expect((await made.ended(id)).status).toBe('succeeded');
  }, 60_000);
});
