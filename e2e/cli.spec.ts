import { readFileSync } from 'node:fs';
import path from 'node:path';
import { DEMO_PEOPLE } from '#server/auth/demo';
import { query } from './support/database';
import { ops, startOps, tokenOf } from './support/ops';
import { expect, test } from './support/test';

const ESCAPE = String.fromCharCode(27);
const tokens: Record<'viewer' | 'responder', string> = { viewer: '', responder: '' };
let origin: string;

test.beforeAll(async ({ baseURL }) => {
  origin = baseURL ?? '';
  for (const role of ['viewer', 'responder'] as const) tokens[role] = await tokenOf(role, origin);
});

/** Who calls, and where the console is. */
const as = (role: keyof typeof tokens) => ({ OPS_URL: origin, OPS_TOKEN: tokens[role] });

test('the command line tells people and programs how things are', async ({ shop }) => {
  await shop.prepare({ live: 'v1.2.0' });
  const status = await ops('status', as('viewer'));
  expect([status.code, status.stderr]).toEqual([0, '']);
  expect(status.stdout).toMatch(/healthy {2}http/);
  expect(status.stdout).toMatch(/^shop\/production +v1\.2\.0/m);
  expect(status.stdout).not.toContain(ESCAPE);
  const list = await ops('runs:list --json --limit 5', as('viewer'));
  expect([list.code, list.stderr]).toEqual([
    0,
    expect.stringMatching(/^(5 of \d+; more with --limit\.\n)?$/),
  ]);
  const { rows } = JSON.parse(list.stdout) as { rows: { number: number; status: string }[] };
  expect(rows.length).toBeGreaterThan(0);
  const shown = await ops(`runs show ${rows[0]?.number} --json`, as('viewer'));
  expect(JSON.parse(shown.stdout)).toMatchObject({ number: rows[0]?.number, status: rows[0]?.status });
  const health = await ops('status:console', { OPS_URL: origin });
  expect([health.code, health.stderr]).toEqual([0, '']);
  expect(health.stdout).toMatch(/✓ worker ok/);
});

test('a deploy in a pipe is plain lines and ends with 0, and with 1 when it fails', async ({
  shop,
  drill,
}) => {
  await shop.prepare({ live: 'v1.2.0' });
  const good = await ops('deploy:production --release v1.3.0 --yes --reason hotfix', as('responder'));
  expect([good.code, good.stdout]).toEqual([0, expect.stringMatching(/succeeded in \d+\.\d s of /)]);
  expect(await shop.served()).toBe('v1.3.0');
  const lines = good.stdout.trimEnd().split('\n');
  expect(lines.length).toBeGreaterThan(10);
  expect(lines.filter((line) => !/^(\d\d:\d\d:\d\dZ {2}[\w:-]+ |✓ Run #)/.test(line))).toEqual([]);
  for (const step of ['lint', 'switch'])
    expect(good.stdout).toMatch(new RegExp(`Z  (check:)?${step} +succeeded`));
  expect(good.stdout + good.stderr).not.toContain(ESCAPE);
  expect(good.stderr).toContain('v1.2.0 → v1.3.0');

  await drill.prepare({ live: 'v1.2.0' });
  drill.hold({ fail: true });
  drill.letGo();
  const bad = await ops('deploy staging --release v1.3.0 --yes --json', as('responder'));
  expect(bad.code).toBe(1);
  expect(JSON.parse(bad.stdout)).toMatchObject({ exitCode: 1, run: { status: 'failed' } });
  expect((await drill.live())?.tag).toBe('v1.2.0');
});

test('a run is followed as it goes, by who did not start it, and others are told that it is taken', async ({
  drill,
}) => {
  await drill.prepare({ live: 'v1.2.0' });
  drill.hold();
  const run = await drill.run(await drill.startDeploy('v1.3.0'));
  const tail = startOps(`runs tail ${run.number}`, as('viewer'));
  await tail.said(/held line 3/);
  const taken = await ops('deploy staging --release v1.1.0 --yes', as('responder'));
  expect([taken.code, taken.stdout]).toEqual([4, '']);
  expect(taken.stderr).toMatch(new RegExp(`#${run.number}[\\s\\S]*Nothing was started\\.`));
  const gone = startOps(`runs tail ${run.number}`, as('viewer'));
  await gone.said(/held line/);
  gone.process.kill('SIGTERM');
  const left = await gone.ended;
  expect([left.code, left.stderr]).toEqual([130, expect.stringContaining(`Run #${run.number} goes on`)]);
  drill.letGo();
  const { code, stdout } = await tail.ended;
  expect([code, stdout]).toEqual([0, expect.stringMatching(/succeeded/)]);
  expect((await drill.live())?.tag).toBe('v1.3.0');
});

test('what is refused says why, by its words and its exit code, and nothing starts', async ({ drill }) => {
  await drill.prepare({ live: 'v1.2.0' });
  const before = (await drill.runs()).length;
  const deploy = 'deploy staging --release v1.3.0';
  const nobody = { OPS_URL: origin };
  const rows: [string, Record<string, string>, number, RegExp][] = [
    [deploy, as('responder'), 2, /no terminal to ask at\. Nothing was started/],
    ['deploy staging --yes', as('responder'), 2, /--release/],
    ['deploy staging --release v9.9.9 --yes', as('responder'), 2, /v9\.9\.9/],
    ['deploy elsewhere --release v1.3.0 --yes', as('responder'), 2, /no environment "elsewhere"/],
    ['dploy staging', as('responder'), 2, /deploy/],
    ['runs list --yes', as('responder'), 2, /--yes exists only on commands that ask/],
    ['status --as a@b.example', as('responder'), 2, /--as only goes with --direct/],
    [`${deploy} --yes`, nobody, 3, /not signed in/],
    [`${deploy} --yes`, { ...nobody, OPS_TOKEN: `hvo_${'x'.repeat(43)}` }, 3, /not one of this console/],
    [`${deploy} --yes`, as('viewer'), 3, /You may not do this/],
    ['audit list', as('responder'), 3, /Needs the role Manager/],
    [
      `${deploy} --yes --timeout 5`,
      { ...as('responder'), OPS_URL: 'http://127.0.0.1:1' },
      5,
      /No console answers at http:\/\/127\.0\.0\.1:1/,
    ],
  ];
  for (const [words, env, code, why] of rows) {
    const refused = await ops(words, env);
    expect([words, refused.code, refused.stdout]).toEqual([words, code, '']);
    expect(refused.stderr, words).toMatch(why);
  }
  expect((await drill.runs()).length).toBe(before);
});

test('with the web process killed, a rollback goes straight to the database, and is in the console afterwards', async ({
  drill,
  open,
  baseURL,
}) => {
  await drill.prepare({ live: 'v1.3.0', before: 'v1.2.0' });
  const dataDir = process.env.E2E_DATA_DIR ?? '';
  const { owner, children } = JSON.parse(readFileSync(path.join(dataDir, 'instance.json'), 'utf8')) as {
    owner: { pid: number };
    children: { name: string; pid: number }[];
  };
  const web = children.find((child) => child.name === 'web')?.pid ?? 0;
  expect(web).toBeGreaterThan(1);
  const email = DEMO_PEOPLE.find(({ role }) => role === 'responder')?.email ?? '';
  const direct = {
    PORT: new URL(baseURL ?? '').port,
    DATA_DIR: dataDir,
    OPS_CONFIG: 'e2e/ops.config.ts',
    DEMO_PEOPLE: 'true',
    NODE_ENV: 'production',
  };
  // Whoever would start it again does nothing meanwhile; the worker goes on.
  process.kill(owner.pid, 'SIGSTOP');
  let rolledBack: Awaited<ReturnType<typeof ops>>;
  try {
    process.kill(web, 'SIGKILL');
    await expect
      .poll(() =>
        fetch(`${origin}/api/health`).then(
          () => 'up',
          () => 'down',
        ),
      )
      .toBe('down');
    expect((await ops('rollback staging --yes', as('responder'))).code).toBe(5);
    expect((await ops('rollback staging --yes --direct', direct)).code).toBe(3);
    const sick = await ops('status --direct --as nobody@elsewhere.example', direct);
    expect([sick.code, sick.stderr]).toEqual([3, expect.stringContaining('Nobody here has the e-mail')]);
    rolledBack = await ops(`rollback staging --direct --as ${email} --yes --reason outage`, direct);
    expect(
      await fetch(`${origin}/api/health`).then(
        () => 'up',
        () => 'down',
      ),
    ).toBe('down');
  } finally {
    process.kill(owner.pid, 'SIGCONT');
  }
  expect([rolledBack.code, rolledBack.stdout]).toEqual([0, expect.stringMatching(/succeeded in /)]);
  expect(rolledBack.stderr).toContain('Straight to the database, as Rémy Laurent');
  expect(rolledBack.stderr).not.toContain('another configuration');
  expect(await drill.served()).toBe('v1.2.0');

  await expect
    .poll(
      () =>
        fetch(`${origin}/api/health`).then(
          ({ status }) => status,
          () => 0,
        ),
      { timeout: 30_000 },
    )
    .toBe(200);
  const [run] = await drill.runs();
  expect(run).toMatchObject({ procedure: 'deployments.rollback', status: 'succeeded' });
  const entries = await query<{ details: Record<string, unknown>; actor_name: string }>(
    `SELECT details, actor_name FROM audit_entry WHERE run_id = $1 AND action = 'deployments.rollback.requested'`,
    [run?.id],
  );
  expect(entries).toEqual([
    {
      actor_name: 'Rémy Laurent',
      details: expect.objectContaining({ direct: true, systemUser: expect.stringMatching(/./) }),
    },
  ]);
  const page = await open('manager');
  await page.goto(`/runs/${run?.id}`);
  await expect(page.getByRole('heading', { level: 1 })).toContainText('Roll back staging');
  await page.goto('/audit?action=deployments.rollback.requested');
  const row = page.getByRole('row').filter({ hasText: `#${run?.number} ` });
  await row.getByText('Details').click();
  await expect(row.getByText('direct', { exact: true })).toBeVisible();
});
