import { createServer, type Server } from 'node:http';
import { connect } from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { DeployDriver } from '#server/deployments/drivers/driver';
import { deployWith } from '#server/deployments/drivers/driver-suite';
import { layoutOf } from '#server/deployments/drivers/local/layout';
import { createLocalDriver } from '#server/deployments/drivers/local/local-driver';
import { createProxyClient, readProxyProcess } from '#server/deployments/drivers/local/proxy-client';
import { localEnvironment } from '#server/deployments/drivers/local/settings';
import { stopLocalEnvironment } from '#server/deployments/drivers/local/stop';
import { createLogger } from '#server/platform/logger';
import { isAlive, type ProcessId } from '#server/platform/process-table';
import type { EnvironmentOf } from '#server/services/config';
import { eventually } from '#server/testing/eventually';
import { createFixtureShop, type FixtureShop, fixtureEnvironment } from '#server/testing/fixture-shop';
import { createTestStepIo } from '#server/testing/step-io';
import { ask, sendVisitors } from '#server/testing/visitors';

const PORT = 5_651;
const log = createLogger({ level: 'silent', process: 'cli' });
const url = new URL(`http://127.0.0.1:${PORT}`);

let shop: FixtureShop;
let environment: EnvironmentOf<'local'>;
let driver: DeployDriver;
let runNumber = 0;
const newRun = () => {
  runNumber += 1;
  return createTestStepIo({ runNumber });
};
const proxyProcess = () => readProxyProcess(layoutOf(environment.deploy.directory)) as ProcessId;

describe('the proxy of a local environment', { timeout: 30_000 }, () => {
  beforeAll(async () => {
    shop = await createFixtureShop();
    // The folder's name makes the path of a socket in it too long for any system.
    environment = fixtureEnvironment(shop, PORT, {
      directory: path.join(shop.folder, `production-${'x'.repeat(100)}`),
      drainSeconds: 1,
    });
    driver = createLocalDriver(localEnvironment(environment), log);
  });
  afterAll(async () => {
    await stopLocalEnvironment(environment.deploy.directory);
    shop.remove();
  });

  it('answers 503 with Retry-After before anything is deployed', async () => {
    await driver.observe();
    const answer = await ask(url);
    expect(answer).toMatchObject({
      status: 503,
      headers: { 'retry-after': '5', 'cache-control': 'no-store' },
    });
    expect(answer.text).toContain('Nothing is deployed here yet');
  });

  it('tells the release who asked, and believes no visitor about it', async () => {
    await deployWith({ driver, environment }, newRun(), shop.releases.first);
    const answer = await ask(new URL('/headers', url), false, null, {
      'X-Forwarded-For': '6.6.6.6',
      'X-Forwarded-Proto': 'https',
      Forwarded: 'for=6.6.6.6',
    });
    const headers = JSON.parse(answer.text) as Record<string, string>;
    expect(headers).toMatchObject({
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': `127.0.0.1:${PORT}`,
      host: `127.0.0.1:${PORT}`,
    });
    expect(JSON.stringify(headers)).not.toContain('6.6.6.6');
    // The release keeps connections for 65 s, as the proxy does; what it says about it is not passed on.
    expect(answer.headers['keep-alive'] ?? '').not.toContain('timeout=4');
  });

  it('keeps the session of a console on the same host from the release, and no other cookie', async () => {
    const cookieSeen = async (cookie: string) =>
      (
        JSON.parse((await ask(new URL('/headers', url), false, null, { Cookie: cookie })).text) as {
          cookie?: string;
        }
      ).cookie;
    expect(await cookieSeen('basket=1; ops_session_3000=secret; __Host-ops_session=secret; lang=fr=x')).toBe(
      'basket=1; lang=fr=x',
    );
    expect(await cookieSeen('ops_session=secret;ops_session_5=secret')).toBeUndefined();
    expect(await cookieSeen('my_ops_session=1')).toBe('my_ops_session=1');
  });

  it('carries WebSocket connections', async () => {
    const socket = connect(PORT, '127.0.0.1');
    socket.write('GET /live HTTP/1.1\r\nHost: shop\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    const received: string[] = [];
    socket.on('data', (data) => received.push(String(data)));
    for (let round = 0; round < 100 && !received.join('').includes('\r\n\r\n'); round += 1) await delay(10);
    socket.write('ping');
    for (let round = 0; round < 100 && !received.join('').endsWith('ping'); round += 1) await delay(10);
    socket.destroy();
    expect(received.join('')).toMatch(/^HTTP\/1.1 101 [\s\S]*ping$/);
  });

  it('answers 502 when the release breaks off, and repeats nothing that has a body', async () => {
    expect((await ask(new URL('/reset', url))).status).toBe(502);
    expect((await ask(new URL('/reset', url), false, 'an order')).status).toBe(502);
    expect((await ask(url)).status).toBe(200);
  });

  it('lets requests of the old release finish before it is retired, and cuts them off when their time is over', async () => {
    const io = newRun();
    const quick = ask(new URL('/?ms=600', url));
    const endless = ask(new URL('/?ms=9000', url), false, 'an order');
    await delay(100);
    await deployWith({ driver, environment }, io, shop.releases.second);
    const from = performance.now();
    expect(await driver.retire(io)).toBe(1);
    expect(performance.now() - from).toBeGreaterThan(900);
    expect(await quick).toMatchObject({ status: 200, release: shop.releases.first.tag });
    expect(await endless).toMatchObject({ status: 502 });
    expect(io.lines.join('\n')).toContain('1 requests were not finished within 1 s');
  });

  it('leaves an old release alone that a later run takes back while it drains', async () => {
    const before = await driver.observe();
    const later = createTestStepIo({ runNumber: runNumber + 2 });
    let takenBack: string | null = null;
    let isRetiring = false;
    const io = {
      ...newRun(),
      // As if this worker were frozen here: a rollback comes and goes meanwhile.
      sleep: async (ms: number) => {
        if (isRetiring && takenBack === null) {
          takenBack = (await driver.start(later, shop.releases.second)).instanceId;
          await driver.switchTo(later, takenBack);
        }
        await delay(ms);
      },
    };
    runNumber += 1;
    // A connection that keeps the old release draining.
    const visitor = connect(PORT, '127.0.0.1');
    visitor.on('error', () => undefined);
    visitor.write('GET /live HTTP/1.1\r\nHost: shop\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    await new Promise((resolve) => visitor.once('data', resolve));
    await deployWith({ driver, environment }, io, shop.releases.first);
    isRetiring = true;
    expect(await driver.retire(io)).toBe(0);
    visitor.destroy();
    expect(takenBack).toBe(before.live?.instanceId);
    expect((await driver.observe()).live).toEqual(before.live);
    expect(await ask(url)).toMatchObject({ status: 200, release: shop.releases.second.tag });
    expect(await driver.retire(later)).toBe(1);
  });

  it('is started again after kill -9 and knows what was live and who may switch', async () => {
    const before = proxyProcess();
    process.kill(before.pid, 'SIGKILL');
    for (let round = 0; round < 100 && isAlive(before); round += 1) await delay(10);
    await expect(ask(url)).rejects.toThrow(/ECONNRE/);
    const others = [1, 2, 3].map(() => createLocalDriver(localEnvironment(environment), log));
    const seen = await Promise.all(others.map((other) => other.observe()));
    expect(seen.map(({ live }) => live?.tag)).toEqual(Array(3).fill(shop.releases.second.tag));
    expect(await ask(url)).toMatchObject({ status: 200, release: shop.releases.second.tag });
    const stale = createTestStepIo({ runNumber: runNumber - 1 });
    await expect(driver.switchTo(stale, seen[0]?.live?.instanceId as string)).rejects.toThrow(
      'has switched visitors already',
    );
  });

  it('finishes what it has begun when it is asked to end', async () => {
    const slow = ask(new URL('/?ms=500', url));
    await delay(100);
    const before = proxyProcess();
    process.kill(before.pid, 'SIGTERM');
    expect(await slow).toMatchObject({ status: 200 });
    for (let round = 0; round < 100 && isAlive(before); round += 1) await delay(10);
    expect(isAlive(before)).toBe(false);
    await driver.observe();
    expect((await ask(url)).status).toBe(200);
  });

  it('answers 502 while the live instance is dead, says so in observe, and resume brings it back', async () => {
    const { instances, live } = await driver.observe();
    const pid = instances.find(({ instanceId }) => instanceId === live?.instanceId)?.pid as number;
    process.kill(pid, 'SIGKILL');
    await eventually(async () => expect((await driver.observe()).live).toBeNull());
    expect(await ask(url)).toMatchObject({ status: 502, headers: { 'retry-after': '5' } });
    await driver.resume();
    expect(await ask(url)).toMatchObject({ status: 200, release: shop.releases.second.tag });
  });

  it('comes back after a stop with the live release, once, whoever asks', async () => {
    await stopLocalEnvironment(environment.deploy.directory);
    await expect(ask(url)).rejects.toThrow(/ECONNRE/);
    await Promise.all([1, 2, 3].map(() => createLocalDriver(localEnvironment(environment), log).resume()));
    expect(await ask(url)).toMatchObject({ status: 200, release: shop.releases.second.tag });
    const { instances } = await driver.observe();
    expect(instances).toHaveLength(1);
    await driver.resume();
    expect((await driver.observe()).instances).toEqual(instances);
  });

  it('lets a deploy win over a resume at the same time', async () => {
    await stopLocalEnvironment(environment.deploy.directory);
    const io = newRun();
    await Promise.all([driver.resume(), deployWith({ driver, environment }, io, shop.releases.first)]);
    await driver.retire(io);
    const { live, instances } = await driver.observe();
    expect(live?.tag).toBe(shop.releases.first.tag);
    expect(instances).toHaveLength(1);
  });

  it('moves to another port when the configuration says so, without losing what is live', async () => {
    const moved = fixtureEnvironment(shop, PORT + 1, { directory: environment.deploy.directory });
    await createLocalDriver(localEnvironment(moved), log).observe();
    expect(await ask(new URL(moved.url))).toMatchObject({ status: 200, release: shop.releases.first.tag });
    await expect(ask(url)).rejects.toThrow(/ECONNRE/);
    await driver.observe();
    expect(await ask(url)).toMatchObject({ status: 200 });
  });
});

describe('a port that another program holds', () => {
  let other: Server;
  let folder: FixtureShop;
  afterEach(() => {
    other.close();
    folder.remove();
  });

  it('is named in the error', async () => {
    folder = await createFixtureShop();
    other = createServer().listen(PORT + 2, '127.0.0.1');
    const taken = localEnvironment(fixtureEnvironment(folder, PORT + 2));
    const client = createProxyClient(taken, layoutOf(taken.directory));
    await expect(client.ensure()).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining(
        `127.0.0.1:${PORT + 2} does not start: 127.0.0.1:${PORT + 2}: listen EADDRINUSE`,
      ),
    });
  });
});

describe('kill -9 of the proxy under load', () => {
  it('costs visitors only the time until it is started again', async () => {
    const shopUnderLoad = await createFixtureShop();
    const settings = fixtureEnvironment(shopUnderLoad, PORT + 3);
    const loaded = createLocalDriver(localEnvironment(settings), log);
    try {
      await deployWith(
        { driver: loaded, environment: settings },
        createTestStepIo(),
        shopUnderLoad.releases.first,
      );
      const visitors = sendVisitors(settings.url, { keepAlive: 2, oneShot: 2, pauseMs: 20 });
      await delay(300);
      process.kill((readProxyProcess(layoutOf(settings.deploy.directory)) as ProcessId).pid, 'SIGKILL');
      await loaded.observe();
      const failed = visitors.report().failures.length;
      await delay(300);
      const report = await visitors.stop();
      expect(failed).toBeGreaterThan(0);
      expect(report.failures.length - failed).toBeLessThanOrEqual(4);
    } finally {
      await stopLocalEnvironment(settings.deploy.directory);
      shopUnderLoad.remove();
    }
  }, 20_000);
});
