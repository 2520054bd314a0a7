import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HANDLERS } from '#server/api/handlers';
import { OPERATIONS } from '#server/api/operations';
import { PERMISSIONS, type Permission, permissionsOf, ROLES, type Role } from '#server/auth/contract';
import { connectDirectly } from '#server/cli/ops/client/direct';
import { HttpClient } from '#server/cli/ops/client/http';
import type { AnyCommand } from '#server/cli/ops/command';
import { COMMANDS } from '#server/cli/ops/commands';
import { EXIT } from '#server/cli/ops/exit-codes';
import { runOps } from '#server/cli/ops/main';
import { liftLock, lockEnvironment } from '#server/deployments/commands/manage-environments';
import { createFreeze } from '#server/deployments/commands/manage-freezes';
import { requestChecklist } from '#server/deployments/commands/request-runs';
import { previewChecklist } from '#server/deployments/queries/previews';
import { changeIncidentState } from '#server/incidents/commands/change-incident';
import { declareIncident } from '#server/incidents/commands/declare-incident';
import type { SwitchedKind } from '#server/maintenance/contract';
import { openToggle } from '#server/maintenance/records';
import { syncChecks } from '#server/monitoring/checks/sync';
import { startNotificationSender } from '#server/notifications/sender';
import type { Ctx } from '#server/platform/context';
import { createPostmortem } from '#server/postmortems/commands/write-postmortem';
import { ensureSchedule } from '#server/schedules/ensure-schedule';
import { heldBy } from '#server/testing/access';
import { SAMPLES, TYPED, type World } from '#server/testing/command-samples';
import { type ControlledShop, startControlledShop } from '#server/testing/controlled-shop';
import { eventually } from '#server/testing/eventually';
import {
  auditAfter,
  createFixtureConsole,
  type FixtureConsole,
  lastAudit,
  PLACE,
} from '#server/testing/fixture-console';
import { putSamples } from '#server/testing/metrics';
import { addPerson, addToken } from '#server/testing/people';
import { addAlert } from '#server/testing/rules';
import { type SlackServer, startSlackServer } from '#server/testing/slack-server';
import { testTerminal } from '#server/testing/terminal';
import { startTestWebServer, type TestWebServer } from '#server/testing/web-server';

/*
 * Every command of the command line, run as everybody: over HTTP with a token, with tokens that lack one scope, and past
 * the web process on the database itself. Each one's operations are in the API's matrix, which walks the same table.
 */

const EVERY_SCOPE = Object.keys(PERMISSIONS) as Permission[];

/** Commands about the token that this machine keeps, which no one here has. */
const ABOUT_STORED_TOKEN = ['login', 'logout'];
/** Permissions that a command can do without: it leaves out what they would show, or says that it did. */
const CAN_DO_WITHOUT: Record<string, Permission[]> = { status: ['runs.read'] };
/** What the job of this world's schedule asks of a role beside the operation's own permission. */
const OF_THE_JOB: Record<string, Permission[]> = { 'schedules run': ['drills.run'] };

/** Those that have something to refuse. */
const GUARDED = COMMANDS.filter(
  ({ path: name, calls }) => calls.length > 0 && !ABOUT_STORED_TOKEN.includes(name),
);

let made: FixtureConsole;
let web: TestWebServer;
let controlled: ControlledShop;
let slack: SlackServer;
let world: World;
let admin: Ctx;
let configFile: string;
const people = new Map<Role, { email: string; token: string }>();
const before = { env: { ...process.env }, folder: process.cwd() };

beforeAll(async () => {
  controlled = await startControlledShop();
  slack = await startSlackServer();
  made = await createFixtureConsole(
    {
      practice: true,
      control: { url: controlled.url, token: controlled.token },
      validation: { endpoints: [{ path: '/' }], onFailure: 'hold' },
    },
    {
      API_REQUESTS_PER_MINUTE: '100000',
      API_ANONYMOUS_PER_MINUTE: '100000',
      RUN_LEASE_MS: '10000',
      ...slack.env,
    },
  );
  const { app } = made;
  web = await startTestWebServer(app);
  const loop = made.work();
  await syncChecks(app.system);
  await app.system.db.monitorCheck.updateMany({ data: { lastOutcome: 'ok' } });
  await made.deployed('v1.0.0');
  await made.deployed('v1.1.0');
  const failed = await made.ended((await made.askDeploy('v1.2.0-crash')).runId);
  expect(failed.status).toBe('failed');
  await loop.stop();
  const settings = made.config.services.shop?.environments.production;
  if (!settings) throw new Error('The fixture has no environment');
  settings.approvals = ['deployments.check'];
  const { planHash } = await previewChecklist(made.responder, { ...PLACE, tag: 'v1.0.0' });
  const awaiting = await requestChecklist(made.responder, { ...PLACE, tag: 'v1.0.0', planHash });
  expect(awaiting.status).toBe('awaiting_approval');
  settings.approvals = [];
  admin = (await addPerson(app, 'admin')).ctx;
  const times = { startsAt: '2099-11-27T00:00:00Z', endsAt: '2099-11-30T00:00:00Z' };
  const { id: freeze } = await createFreeze(admin, { reason: 'Black Friday', ...times });
  const schedule = 'drill';
  await ensureSchedule(app.system, {
    ...PLACE,
    key: schedule,
    job: 'deployments.drill',
    title: 'Drill',
    cron: '0 4 * * *',
    timeZone: 'UTC',
    overlap: 'skip',
    missed: 'skip',
  });
  const [person, disabled] = [await addPerson(app, 'viewer'), await addPerson(app, 'viewer')];
  await app.system.db.user.update({ where: { id: disabled.id }, data: { disabledAt: new Date() } });
  world = {
    failedRun: failed.number,
    awaitingRun: awaiting.number,
    freeze,
    schedule,
    incident: (await declareIncident(admin, { title: 'Checkout is slow' })).number,
    postmortem: await addPostmortem(),
    person: person.email,
    disabled: disabled.email,
    token: (await addToken(admin, ['runs.read'])).token.id,
    notification: await addSkippedNotification(app.system),
    alert: await addAlert(app.system),
  };
  await putSamples(app.system, [{ name: 'visits', kind: 'gauge', samples: [[Date.now(), 1]] }]);
  for (const role of ROLES) {
    const { email, ctx } = await addPerson(app, role);
    people.set(role, { email, token: (await addToken(ctx, permissionsOf(ctx.actor))).secret });
  }
  configFile = path.join(made.shop.folder, 'ops.config.mjs');
  writeFileSync(configFile, `export default ${JSON.stringify(made.config)};\n`);
}, 240_000);
afterAll(async () => {
  process.chdir(before.folder);
  Object.assign(process.env, before.env);
  await web.close();
  await made.close();
  await controlled.close();
  await slack.close();
}, 60_000);

async function addPostmortem(): Promise<number> {
  const { number, version } = await declareIncident(admin, { title: 'It was slow' });
  await changeIncidentState(admin, { number, version, state: 'resolved' });
  await createPostmortem(admin, { number });
  return number;
}

async function addSkippedNotification({ db }: Ctx): Promise<string> {
  const [row] = await db.$queryRaw<{ id: string }[]>`
    INSERT INTO notification (id, channel, kind, subject, text, group_key, sequence, idempotency_key)
    VALUES (gen_random_uuid(), 'ALERTS', 'run.failed', 'A run failed', 'It did', 'matrix', 1, 'matrix') RETURNING id::text`;
  const id = row?.id ?? '';
  await db.$executeRaw`
    INSERT INTO notification_delivery (notification_id, channel, group_key, sequence, state, reason, ended_at)
    VALUES (${id}::uuid, 'ALERTS', 'matrix', 1, 'skipped', 'The channel has no address.', clock_timestamp())`;
  return id;
}

/** What a command demands of who calls it: the permissions of every operation that it may call. */
function needsOf(command: AnyCommand): Permission[] {
  const needs = command.calls.map((id) => HANDLERS[id].access);
  const permissions = needs.filter((access) => access !== 'anyone' && access !== 'signed-in');
  return [...new Set(permissions)].filter((each) => !CAN_DO_WITHOUT[command.path]?.includes(each));
}

function roleHasAll(role: Role, command: AnyCommand): boolean {
  const has = permissionsOf({ type: 'user', role });
  return [...needsOf(command), ...(OF_THE_JOB[command.path] ?? [])].every((each) => has.includes(each));
}

/** What a command needs around it, and how it is taken away again, so that nothing stands in the way of the others. */
const AROUND: Record<string, () => Promise<() => Promise<unknown>>> = {
  unlock: async () => {
    await lockEnvironment(admin, { ...PLACE, reason: 'A look' });
    return endLocks;
  },
  'maintenance disable': () => switchedOn('maintenance'),
  'security unlock': () => switchedOn('lockdown'),
  'channels test': async () => {
    const sender = startNotificationSender(made.app, made.app.ids.uuid());
    // What else waits goes first, so that nothing changes by itself while it is looked at who changes something.
    await eventually(async () => {
      const state = { in: ['pending', 'sending'] };
      expect(await made.app.system.db.notificationDelivery.count({ where: { state } })).toBe(0);
    });
    return () => sender.stop();
  },
};

async function inItsPlace<T>(command: AnyCommand, work: () => Promise<T>): Promise<T> {
  const takeAway = await AROUND[command.path]?.();
  try {
    return await work();
  } finally {
    await takeAway?.();
    await endLocks();
  }
}

async function endLocks(): Promise<void> {
  const lock = await made.app.system.db.environmentLock.findFirst({ where: { liftedAt: null } });
  if (lock) await liftLock(admin, { ...PLACE, lockId: lock.id, reason: 'Looked' });
}

/** As if a run had switched it on. @returns what switches it off */
async function switchedOn(kind: SwitchedKind): Promise<() => Promise<unknown>> {
  const { system } = made.app;
  const id = system.ids.uuid();
  await openToggle(system, {
    id,
    ...PLACE,
    kind,
    reason: 'A look',
    settings: {},
    expiresAt: null,
    startedBy: { type: 'system', id: null, name: 'test' },
    runId: null,
    verification: 'verified',
  });
  return () => system.db.toggle.update({ where: { id }, data: { endedAt: new Date(), endedByName: 'test' } });
}

/** A new token of the admin with every scope but one. */
async function allBut(scope: Permission): Promise<string> {
  const scopes = EVERY_SCOPE.filter((each) => each !== scope);
  return (await addToken(admin, scopes)).secret;
}

function lineOf(command: AnyCommand): string {
  const sample = SAMPLES[command.path];
  if (!sample) throw new Error(`"${command.path}" has no sample`);
  return sample(world);
}

/** A terminal for what asks at one, and a pipe for the rest. */
function typedAt(line: string): { tty: boolean; answers: string[] } {
  const answers = TYPED[line.split(' ').slice(0, 2).join(' ')] ?? [];
  return { tty: answers.length > 0, answers };
}

async function overHttp(line: string, token: string | null) {
  const terminal = testTerminal({ ...typedAt(line), env: { XDG_CONFIG_HOME: made.shop.folder } });
  const exitCode = await runOps(line.split(' '), terminal, {
    version: 'test',
    connect: async ({ signal }) => new HttpClient({ url: web.origin, token, timeoutMs: 20_000, signal }),
  });
  return { exitCode, text: `${line}: ${terminal.stdout.text}${terminal.stderr.text}` };
}

async function directly(line: string, email: string) {
  const terminal = testTerminal(typedAt(line));
  const exitCode = await runOps([...line.split(' '), '--direct', '--as', email], terminal, {
    version: 'test',
    connect: ({ settings, screen }) =>
      connectDirectly(
        settings,
        {
          NODE_ENV: 'test',
          DATABASE_URL: made.app.env.DATABASE_URL,
          SHOP_DATABASE_URL: made.app.env.DATABASE_URL,
          OPS_CONFIG: configFile,
        },
        screen,
      ),
  });
  return { exitCode, text: `${line} --direct: ${terminal.stdout.text}${terminal.stderr.text}` };
}

describe('every command', () => {
  it('is in this matrix, and calls operations that are in the API’s', () => {
    expect(COMMANDS.map((command) => command.path).sort()).toEqual(Object.keys(SAMPLES).sort());
    for (const command of COMMANDS) {
      for (const id of command.calls) expect(Object.keys(OPERATIONS), command.path).toContain(id);
    }
  });

  it('that calls nothing needs nobody, and says why', async () => {
    const local = COMMANDS.filter(({ calls }) => calls.length === 0);
    expect(local.map((command) => command.path).sort()).toEqual([
      'completion',
      'config check',
      'help',
      'status console',
    ]);
    for (const command of local) {
      expect(command.local, command.path).toMatch(/./);
      const { exitCode, text } = await overHttp(lineOf(command), null);
      // There is no worker by now, and nothing else is wrong with this console.
      expect([EXIT.done, EXIT.unavailable], text).toContain(exitCode);
      expect(text).not.toContain('signed in');
    }
  });

  it('is refused to nobody and to each role that lacks a permission, by both ways in, and changes nothing', async () => {
    let refusals = 0;
    for (const command of GUARDED) {
      const refused = ROLES.filter((role) => !roleHasAll(role, command));
      await inItsPlace(command, async () => {
        const held = await heldBy(made.app);
        const nobody = await overHttp(lineOf(command), null);
        expect(nobody.exitCode, nobody.text).toBe(EXIT.denied);
        for (const role of refused) {
          const { exitCode, text } = await overHttp(lineOf(command), people.get(role)?.token ?? '');
          expect(exitCode, `${role} ${text}`).toBe(EXIT.denied);
          refusals += 1;
        }
        const most = refused.at(-1);
        if (most) {
          const { exitCode, text } = await directly(lineOf(command), people.get(most)?.email ?? '');
          expect(exitCode, `${most} ${text}`).toBe(EXIT.denied);
        }
        expect(await heldBy(made.app), command.path).toEqual(held);
      });
    }
    expect(refusals).toBeGreaterThan(40);
  }, 300_000);

  it('needs each of its scopes of a token', async () => {
    const tokens = new Map<Permission, string>();
    for (const scope of new Set(GUARDED.flatMap(needsOf))) tokens.set(scope, await allBut(scope));
    for (const command of GUARDED) {
      // What a command has started is looked at afterwards: see the next tests.
      const starts = command.calls.some((id) => OPERATIONS[id].status === 202);
      const look = command.path === 'channels test' ? 'deliveries.read' : 'runs.read';
      const scopes = needsOf(command).filter((scope) => !(starts && scope === look));
      await inItsPlace(command, async () => {
        const held = await heldBy(made.app);
        for (const scope of scopes) {
          const { exitCode, text } = await overHttp(lineOf(command), tokens.get(scope) ?? '');
          expect(exitCode, `without ${scope} ${text}`).toBe(EXIT.denied);
        }
        expect(await heldBy(made.app), command.path).toEqual(held);
      });
    }
  }, 300_000);

  it('that starts a run for who may not read runs says that it was started', async () => {
    const { exitCode, text } = await overHttp('post-deploy-validate production', await allBut('runs.read'));
    const [, number] = /Run #(\d+) was started and goes on, but you may not look at it/.exec(text) ?? [];
    expect([exitCode, number], text).toEqual([EXIT.denied, expect.stringMatching(/./)]);
    const token = people.get('responder')?.token ?? '';
    const cancelled = await overHttp(`runs cancel ${number} --reason Over --yes`, token);
    expect(cancelled.exitCode, cancelled.text).toBe(EXIT.done);
  });

  it('that sends a test for who may not read deliveries says that it is on its way', async () => {
    const { exitCode, text } = await overHttp('channels test alerts', await allBut('deliveries.read'));
    expect(exitCode, text).toBe(EXIT.denied);
    expect(text).toContain('The test to ALERTS is on its way, but you may not look at what becomes of it.');
  });

  it('opens to the least role that has what it needs, and the audit log says which way it came', async () => {
    const marks: Record<string, Set<unknown>> = { http: new Set(), direct: new Set() };
    for (const command of GUARDED) {
      const least = ROLES.find((role) => roleHasAll(role, command)) as Role;
      const { email = '', token = '' } = people.get(least) ?? {};
      const ways = {
        http: () => overHttp(lineOf(command), token),
        direct: () => directly(lineOf(command), email),
      };
      await inItsPlace(command, async () => {
        for (const [way, call] of Object.entries(ways)) {
          const last = await lastAudit(made.app);
          const { exitCode, text } = await call();
          expect([EXIT.denied, EXIT.unavailable], `${least} ${text}`).not.toContain(exitCode);
          for (const { details } of await auditAfter(made.app, last)) {
            marks[way]?.add((details as Record<string, unknown>).direct);
          }
        }
      });
    }
    expect({ http: [...(marks.http ?? [])], direct: [...(marks.direct ?? [])] }).toEqual({
      http: [undefined],
      direct: [true],
    });
  }, 300_000);
});
