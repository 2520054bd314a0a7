import { spawn } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DeployDriver } from '#server/deployments/drivers/driver';
import { deployWith } from '#server/deployments/drivers/driver-suite';
import { createInstances } from '#server/deployments/drivers/local/instances';
import { layoutOf } from '#server/deployments/drivers/local/layout';
import { createLocalDriver } from '#server/deployments/drivers/local/local-driver';
import { localEnvironment } from '#server/deployments/drivers/local/settings';
import { stopLocalEnvironment } from '#server/deployments/drivers/local/stop';
import { createDrivers } from '#server/deployments/drivers/registry';
import { createLogger } from '#server/platform/logger';
import type { EnvironmentOf, OpsConfig } from '#server/services/config';
import { eventually } from '#server/testing/eventually';
import { createFixtureShop, type FixtureShop, fixtureEnvironment } from '#server/testing/fixture-shop';
import { createTestStepIo } from '#server/testing/step-io';
import { ask } from '#server/testing/visitors';

const PORT = 5_660;
const log = createLogger({ level: 'silent', process: 'cli' });

let shop: FixtureShop;
let environment: EnvironmentOf<'local'>;
let driver: DeployDriver;
let worker: string;
let runNumber = 0;
const newRun = (externalRef: unknown = null) => {
  runNumber += 1;
  return createTestStepIo({ runNumber, externalRef });
};

/** A worker of its own that starts the second release and kills itself with -9. @returns what it had recorded */
async function startAndDie(when: 'recorded' | 'started'): Promise<unknown> {
  const child = spawn(
    process.execPath,
    [worker, when, JSON.stringify(shop.releases.second), JSON.stringify(environment)],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  let output = '';
  child.stdout.on('data', (data) => {
    output += data;
  });
  const signal = await new Promise((resolve) => child.once('close', (_code, name) => resolve(name)));
  expect(signal).toBe('SIGKILL');
  return JSON.parse(output);
}

describe('a worker that dies while it starts a release', { timeout: 30_000 }, () => {
  beforeAll(async () => {
    shop = await createFixtureShop();
    environment = fixtureEnvironment(shop, PORT);
    driver = createLocalDriver(localEnvironment(environment), log);
    const source = path.join(shop.folder, 'worker.ts');
    worker = path.join(process.cwd(), 'node_modules', `.ops-crash-worker-${process.pid}.mjs`);
    writeFileSync(
      source,
      `import { writeSync } from 'node:fs';
       import { createLocalDriver } from '#server/deployments/drivers/local/local-driver';
       import { localEnvironment } from '#server/deployments/drivers/local/settings';
       import { createLogger } from '#server/platform/logger';
       import { createTestStepIo } from '#server/testing/step-io';
       const [when, release, environment] = process.argv.slice(2);
       const die = () => process.kill(process.pid, 'SIGKILL');
       const io = createTestStepIo({ runNumber: 1000, onRecord: (reference) => {
         writeSync(1, JSON.stringify(reference));
         if (when === 'recorded') { die(); return new Promise(() => {}); }
       } });
       const driver = createLocalDriver(localEnvironment(JSON.parse(environment)), createLogger({ level: 'silent', process: 'worker' }));
       driver.start(io, JSON.parse(release)).then(die);`,
    );
    await build({
      entryPoints: [source],
      bundle: true,
      platform: 'node',
      format: 'esm',
      packages: 'external',
      alias: { '#server': path.join(process.cwd(), 'server') },
      define: {
        'import.meta.url': JSON.stringify(`file://${process.cwd()}/server/deployments/drivers/local/x.ts`),
      },
      outfile: worker,
    });
    const io = newRun();
    await deployWith({ driver, environment }, io, shop.releases.first);
    await driver.prepare(io, shop.releases.second);
    await driver.build(io, shop.releases.second);
    runNumber = 1_000;
  }, 30_000);
  afterAll(async () => {
    await stopLocalEnvironment(environment.deploy.directory);
    rmSync(worker, { force: true });
    shop.remove();
  });

  it('between record and start: the successor starts what was recorded', async () => {
    const reference = await startAndDie('recorded');
    expect((await driver.observe()).instances).toHaveLength(1);
    const io = newRun(reference);
    const started = await driver.start(io, shop.releases.second);
    expect(started.instanceId).toBe((reference as { instanceId: string }).instanceId);
    expect((await driver.observe()).instances).toHaveLength(2);
    expect(await driver.retire(io)).toBe(1);
  });

  it('after the start: the successor goes on with the process that runs', async () => {
    const reference = await startAndDie('started');
    const before = (await driver.observe()).instances.find(({ tag }) => tag === shop.releases.second.tag);
    const io = newRun(reference);
    const started = await driver.start(io, shop.releases.second);
    expect(started.instanceId).toBe(before?.instanceId);
    expect(
      (await driver.observe()).instances.find(({ instanceId }) => instanceId === started.instanceId),
    ).toEqual(before);
    expect(io.lines.join('\n')).toContain(`pid ${before?.pid}`);
    expect(await driver.retire(io)).toBe(1);
  });

  it('and whose process died with it: the successor starts another', async () => {
    const reference = await startAndDie('started');
    const before = (await driver.observe()).instances.find(({ tag }) => tag === shop.releases.second.tag);
    process.kill(before?.pid as number, 'SIGKILL');
    await eventually(async () => expect((await driver.observe()).instances).toHaveLength(1));
    const io = newRun(reference);
    const started = await driver.start(io, shop.releases.second);
    expect(started.instanceId).not.toBe(before?.instanceId);
    expect((await driver.observe()).instances).toHaveLength(2);
    expect(await driver.retire(io)).toBe(1);
  });

  it('that was frozen and wakes up: one process runs, not two', async () => {
    const reference = await startAndDie('recorded');
    const attempts = [1, 2, 3, 4].map(() => createLocalDriver(localEnvironment(environment), log));
    const ios = attempts.map(() => newRun(reference));
    const started = await Promise.all(
      attempts.map((attempt, index) =>
        attempt.start(ios[index] as (typeof ios)[number], shop.releases.second),
      ),
    );
    expect(new Set(started.map(({ url }) => url)).size).toBe(1);
    const { instances } = await driver.observe();
    expect(instances.filter(({ tag }) => tag === shop.releases.second.tag)).toHaveLength(1);
    expect(await driver.retire(newRun())).toBe(1);
  });

  it('cannot start what was retired meanwhile', async () => {
    const layout = layoutOf(environment.deploy.directory);
    const instances = createInstances(layout);
    const port = await instances.choosePort();
    const record = {
      instanceId: 'retired-1',
      ...shop.releases.second,
      port,
      fencingToken: '0',
      runKey: 'k',
      appFolder: shop.folder,
      createdAt: new Date().toISOString(),
    };
    expect(await instances.start(record, ['sleep', '20'], { PATH: process.env.PATH ?? '' })).toBeNull();
  });
});

describe('a release that was built and runs', { timeout: 30_000 }, () => {
  it('is neither built nor started twice when it can be used as it is', async () => {
    const fresh = await createFixtureShop();
    const settings = fixtureEnvironment(fresh, PORT + 1);
    const local = createLocalDriver(localEnvironment(settings), log);
    const { first, second } = fresh.releases;
    const own = { driver: local, environment: settings };
    try {
      const one = await deployWith(own, createTestStepIo({ runNumber: 1 }), first);
      await deployWith(own, createTestStepIo({ runNumber: 2 }), second);
      // Not retired yet, as after a failed validation: the rollback finds it running.
      const io = createTestStepIo({ runNumber: 3 });
      expect(await deployWith(own, io, first)).toBe(one);
      expect(await local.retire(io)).toBe(1);
      // A deploy of what is live starts it anew: that is what people ask for.
      const again = createTestStepIo({ runNumber: 4 });
      expect(await deployWith(own, again, first)).not.toBe(one);
      expect(await local.retire(again)).toBe(1);
      expect(readFileSync(path.join(fresh.folder, 'build.log'), 'utf8')).toBe(
        `${first.tag}\n${second.tag}\n`,
      );
      expect(await ask(new URL(settings.url))).toMatchObject({
        release: first.tag,
        text: `${first.tag} built-${first.tag}`,
      });
      // Other settings shape another build; secrets do not.
      const otherSecret = fixtureEnvironment(fresh, PORT + 1, {
        env: { ...settings.deploy.env, SHOP_SECRET: 'another-secret' },
      });
      expect(localEnvironment(otherSecret).buildKey).toBe(localEnvironment(settings).buildKey);
      expect(localEnvironment(otherSecret).runKey).not.toBe(localEnvironment(settings).runKey);
      const otherEnv = fixtureEnvironment(fresh, PORT + 1, {
        env: { ...settings.deploy.env, THEME: 'dark' },
      });
      expect(localEnvironment(otherEnv).buildKey).not.toBe(localEnvironment(settings).buildKey);
    } finally {
      await stopLocalEnvironment(settings.deploy.directory);
      fresh.remove();
    }
  });
});

describe('drivers of a configuration', () => {
  it('are made once, and only for what the configuration names', async () => {
    const config = {
      services: { shop: { title: 'Shop', environments: { production: environment } } },
    } as unknown as OpsConfig;
    const drivers = createDrivers(config, log);
    expect(drivers('shop', 'production')).toBe(drivers('shop', 'production'));
    for (const [service, name] of [
      ['shop', 'staging'],
      ['cafe', 'production'],
      ['__proto__', 'x'],
      ['shop', 'constructor'],
    ] as const) {
      expect(() => drivers(service, name)).toThrow(`There is no environment ${service}/${name}.`);
    }
  });
});
