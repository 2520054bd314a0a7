import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DeployDriver, DeployTarget } from '#server/deployments/drivers/driver';
import { waitUntilHealthy } from '#server/deployments/drivers/health-gate';
import type { EnvironmentConfig } from '#server/services/config';
import { createTestStepIo, type TestStepIo } from '#server/testing/step-io';
import { ask, sendVisitors } from '#server/testing/visitors';

/** A driver in an environment where nothing has been deployed, with the releases of the fixture shop. */
export interface DriverHarness {
  driver: DeployDriver;
  environment: EnvironmentConfig;
  releases: { first: DeployTarget; second: DeployTarget; crashing: DeployTarget };
  /** A value of the environment's settings that must never be logged. */
  secret: string;
  dispose(): Promise<void>;
}

/** Takes the steps of a deploy up to and with the switch and the health gate. @returns the instance that is live */
export async function deployWith(
  harness: Pick<DriverHarness, 'driver' | 'environment'>,
  io: TestStepIo,
  release: DeployTarget,
): Promise<string> {
  const { driver } = harness;
  await driver.prepare(io, release);
  await driver.build(io, release);
  const isApart = driver.gates === 'before-switch';
  const { instanceId, url } = isApart
    ? await startHealthy(harness, io, release)
    : await driver.start(io, release);
  await driver.switchTo(io, instanceId);
  if (!isApart) await waitUntilHealthy(io, url, harness.environment.health);
  return instanceId;
}

/** Starts the release and waits at the health gate. */
async function startHealthy(
  { driver, environment }: Pick<DriverHarness, 'driver' | 'environment'>,
  io: TestStepIo,
  release: DeployTarget,
): Promise<{ instanceId: string; url: string }> {
  const started = await driver.start(io, release);
  await waitUntilHealthy(io, started.url, environment.health, {
    assertRunning: () => driver.assertRunning(io, started.instanceId),
  });
  return started;
}

/**
 * What every deploy driver promises, whatever it drives. The tests build on each other, in order.
 * @param gates that of the driver: where one command starts and switches, nothing is promised of the time between
 */
export function describeDeployDriver(
  name: string,
  create: () => Promise<DriverHarness>,
  gates: DeployDriver['gates'] = 'before-switch',
): void {
  const isApart = gates === 'before-switch';
  /** What a switch leaves for `retire`. */
  const retired = isApart ? 1 : 0;
  describe(`deploy driver ${name}`, { timeout: 60_000 }, () => {
    let harness: DriverHarness;
    let driver: DeployDriver;
    let visitorUrl: URL;
    let runNumber = 0;
    /** The step of a new run, with a higher fencing token than every run before. */
    const newRun = (options: Parameters<typeof createTestStepIo>[0] = {}) => {
      runNumber += 1;
      return createTestStepIo({ runNumber, ...options });
    };
    const deploy = (io: TestStepIo, release: DeployTarget) => deployWith(harness, io, release);
    const start = (io: TestStepIo, release: DeployTarget) =>
      isApart ? startHealthy(harness, io, release) : driver.start(io, release);
    const { first, second, crashing } = {
      first: () => harness.releases.first,
      second: () => harness.releases.second,
      crashing: () => harness.releases.crashing,
    };

    beforeAll(async () => {
      harness = await create();
      driver = harness.driver;
      visitorUrl = new URL(harness.environment.url);
      expect(driver.gates).toBe(gates);
    }, 60_000);
    afterAll(() => harness.dispose(), 60_000);

    it('says that nothing is live before the first deploy', async () => {
      expect(await driver.observe()).toEqual({ live: null, instances: [] });
      expect(await driver.retire(newRun())).toBe(0);
    });

    it('knows the releases', async () => {
      const tags = (await driver.source.listReleases()).map((release) => release.tag);
      expect(tags).toEqual(expect.arrayContaining([first().tag, second().tag, crashing().tag]));
      expect(await driver.source.findRelease('v9.9.9')).toBeNull();
    });

    it('refuses a release that is not there, in words', async () => {
      const missing = { tag: 'v9.9.9', commitSha: '0123456789abcdef0123456789abcdef01234567' };
      await expect(driver.prepare(newRun(), missing)).rejects.toMatchObject({
        name: 'StepFailure',
        message: expect.stringContaining('v9.9.9'),
      });
      const hostile = { tag: '../../etc', commitSha: '--upload-pack=x' };
      await expect(driver.prepare(newRun(), hostile)).rejects.toMatchObject({ name: 'StepFailure' });
    });

    it('brings the first release to visitors', async () => {
      const io = newRun();
      const instanceId = await deploy(io, first());
      expect(await ask(visitorUrl)).toMatchObject({ status: 200, release: first().tag });
      expect(await driver.observe()).toMatchObject({
        live: { ...first(), instanceId },
        instances: [{ instanceId }],
      });
    });

    it('may be asked again for what it has done', async () => {
      const before = await driver.observe();
      const io = newRun();
      await driver.prepare(io, first());
      await driver.prepare(io, first());
      await driver.build(io, first());
      await driver.switchTo(io, before.live?.instanceId as string);
      await driver.switchTo(io, before.live?.instanceId as string);
      expect(await driver.retire(io)).toBe(0);
      expect(await driver.observe()).toEqual(before);
      await driver.prepare(io, second());
      await driver.prepare(io, second());
    });

    it('runs commands with the settings of the environment, and hides the secret ones', async () => {
      const io = newRun();
      const line = 'echo "release=$RELEASE secret=$SHOP_SECRET"; test -f release.json && exit 5';
      expect(await driver.runCommand(io, second(), line, { timeoutMs: 10_000 })).toBe(5);
      expect(io.lines.join('\n')).toContain(`release=${second().tag}`);
      expect(io.lines.join('\n')).not.toContain(harness.secret);
    });

    it('keeps what a check breaks away from what runs', async () => {
      const io = newRun();
      expect(
        await driver.runCommand(io, first(), 'rm -rf dist server.mjs release.json', { timeoutMs: 10_000 }),
      ).toBe(0);
      if (isApart) await startHealthy(harness, io, first());
      else await deploy(io, first());
      expect(await ask(visitorUrl)).toMatchObject({ status: 200, release: first().tag });
      expect(await driver.retire(io)).toBe(retired);
    });

    it('tells the pending migrations and runs them', async () => {
      const io = newRun();
      expect(await driver.pendingMigrations(io, second())).toEqual(['2_prices']);
      await driver.migrate(io, second());
    });

    it('serves the old release until the switch, and retires it afterwards', async () => {
      const io = newRun();
      await driver.build(io, second());
      const { instanceId } = await start(io, second());
      expect((await ask(visitorUrl)).release).toBe(first().tag);
      expect((await driver.observe()).instances).toHaveLength(isApart ? 2 : 1);
      await driver.switchTo(io, instanceId);
      expect((await ask(visitorUrl)).release).toBe(second().tag);
      expect(await driver.retire(io)).toBe(retired);
      expect((await driver.observe()).instances).toEqual([
        expect.objectContaining({ instanceId, tag: second().tag }),
      ]);
    });

    it('refuses a switch and spares instances of a later claim when an earlier one wakes up', async () => {
      const frozen = newRun();
      const live = await driver.observe();
      const late = newRun();
      const { instanceId } = await start(late, first());
      expect(await driver.retire(frozen)).toBe(0);
      await driver.switchTo(late, instanceId);
      await expect(driver.switchTo(frozen, live.live?.instanceId as string)).rejects.toMatchObject({
        name: 'StepFailure',
        message: expect.stringContaining(frozen.fencingToken),
      });
      expect((await ask(visitorUrl)).release).toBe(first().tag);
      expect(await driver.retire(late)).toBe(retired);
    });

    it('reports a crash at the start with its last words and leaves visitors alone', async () => {
      const io = newRun();
      const from = Date.now();
      await expect(deploy(io, crashing())).rejects.toMatchObject({
        name: 'StepFailure',
        message: expect.stringContaining('FATAL: the price list is missing'),
      });
      expect(Date.now() - from).toBeLessThan(10_000);
      expect(io.lines.join('\n')).toContain('FATAL: the price list is missing');
      expect(io.lines.join('\n')).not.toContain(harness.secret);
      await driver.retire(io);
      expect((await ask(visitorUrl)).release).toBe(first().tag);
    });

    it('stops a command when the step is aborted', async () => {
      const io = newRun();
      setTimeout(() => io.abort(new Error('cancelled by a person')), 300);
      await expect(driver.runCommand(io, first(), 'sleep 20', { timeoutMs: 30_000 })).rejects.toThrow(
        'cancelled by a person',
      );
    });

    it('fails no request over ten switches under load', async () => {
      const visitors = sendVisitors(visitorUrl.href, { keepAlive: 4, oneShot: 4, pauseMs: 40 });
      for (let round = 0; round < 10; round += 1) {
        const io = newRun();
        const release = round % 2 === 0 ? second() : first();
        await deploy(io, release);
        await driver.retire(io);
      }
      const report = await visitors.stop();
      expect(report.failures).toEqual([]);
      expect(report.requests).toBeGreaterThan(200);
      expect(report.byRelease[first().tag]).toBeGreaterThan(20);
      expect(report.byRelease[second().tag]).toBeGreaterThan(20);
      expect((await driver.observe()).instances).toHaveLength(1);
    });

    it('removes the releases that are neither kept nor running', async () => {
      const io = newRun();
      expect((await driver.prune(io, [])).sort()).toEqual([second().tag, crashing().tag].sort());
      expect(await driver.prune(io, [])).toEqual([]);
      expect((await ask(visitorUrl)).release).toBe(first().tag);
      await deploy(newRun(), second());
      expect((await ask(visitorUrl)).release).toBe(second().tag);
    });
  });
}
