import { spawn } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createCommandDriver } from '#server/deployments/drivers/command/command-driver';
import { commandEnvironment } from '#server/deployments/drivers/command/settings';
import type { DeployDriver, Observed } from '#server/deployments/drivers/driver';
import { deployWith } from '#server/deployments/drivers/driver-suite';
import { createLogger } from '#server/platform/logger';
import type { EnvironmentOf } from '#server/services/config';
import { type CommandShop, commandFixture, createCommandShop } from '#server/testing/command-shop';
import { eventually } from '#server/testing/eventually';
import { createFixtureShop, type FixtureShop } from '#server/testing/fixture-shop';
import { createTestStepIo, type TestStepIo } from '#server/testing/step-io';
import { ask } from '#server/testing/visitors';

const PORT = 5_673;
const log = createLogger({ level: 'silent', process: 'cli' });

/** A moment at which the worker dies, by kill -9. `words` are output of the command that runs then. */
interface Death {
  call: 'start' | 'switchTo';
  when: 'recorded' | 'words' | 'done';
  words?: string;
}

let shop: FixtureShop;
let place: CommandShop;
let environment: EnvironmentOf<'command'>;
let driver: DeployDriver;
let worker: string;
let runNumber = 0;

/** The step of a new run, or of the same one by another worker. */
function newIo(options: { same?: boolean; fence?: number; externalRef?: unknown } = {}): TestStepIo {
  if (!options.same) runNumber += 1;
  return createTestStepIo({ runNumber, fence: options.fence ?? 1, externalRef: options.externalRef });
}

/** A worker of its own makes the call and dies. @returns what it had recorded last */
async function callAndDie(death: Death, instanceId = ''): Promise<{ instanceId: string } | null> {
  const child = spawn(
    process.execPath,
    [worker, JSON.stringify({ ...death, instanceId, runNumber, release: shop.releases.second, environment })],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let output = '';
  child.stdout.on('data', (data) => {
    output += data;
  });
  const signal = await new Promise((resolve) => child.once('close', (_code, name) => resolve(name)));
  expect(signal).toBe('SIGKILL');
  return JSON.parse(output.trim().split('\n').at(-1) || 'null');
}

const ofSecond = ({ instances }: Observed) => instances.filter(({ tag }) => tag === shop.releases.second.tag);
const served = async () => (await ask(new URL(environment.url))).release;

beforeAll(async () => {
  shop = await createFixtureShop();
  place = await createCommandShop(shop, PORT);
  environment = commandFixture(shop, PORT, place.inParts);
  driver = createCommandDriver(commandEnvironment(environment), log);
  const source = path.join(shop.folder, 'worker.ts');
  worker = path.join(process.cwd(), 'node_modules', `.ops-command-crash-worker-${process.pid}.mjs`);
  writeFileSync(
    source,
    `import { writeSync } from 'node:fs';
     import { createCommandDriver } from '#server/deployments/drivers/command/command-driver';
     import { commandEnvironment } from '#server/deployments/drivers/command/settings';
     import { createLogger } from '#server/platform/logger';
     import { createTestStepIo } from '#server/testing/step-io';
     const { call, when, words, instanceId, runNumber, release, environment } = JSON.parse(process.argv[2]);
     const die = () => process.kill(process.pid, 'SIGKILL');
     const io = createTestStepIo({ runNumber, onRecord: (reference) => {
       writeSync(1, JSON.stringify(reference) + '\\n');
       if (when === 'recorded') { die(); return new Promise(() => {}); }
     } });
     if (when === 'words') setInterval(() => { if (io.lines.some((line) => line.startsWith(words))) die(); }, 5);
     const driver = createCommandDriver(commandEnvironment(environment), createLogger({ level: 'silent', process: 'worker' }));
     const done = call === 'start' ? driver.start(io, release) : driver.switchTo(io, instanceId);
     done.then(() => when === 'done' && die());`,
  );
  await build({
    entryPoints: [source],
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    alias: { '#server': path.join(process.cwd(), 'server') },
    define: { 'import.meta.url': JSON.stringify(`file://${process.cwd()}/server/platform/x.ts`) },
    outfile: worker,
  });
  const io = newIo();
  await deployWith({ driver, environment }, io, shop.releases.first);
  await driver.prepare(io, shop.releases.second);
  await driver.build(io, shop.releases.second);
}, 60_000);
afterEach(() => place.pause(0));
afterAll(async () => {
  await place.stop();
  rmSync(worker, { force: true });
  shop.remove();
});

describe('a worker that dies while it has a release started', { timeout: 30_000 }, () => {
  it.each<[string, Death]>([
    ['before the command', { call: 'start', when: 'recorded' }],
    ['in the middle of it', { call: 'start', when: 'words', words: 'starting ' }],
  ])('%s: the successor has the same instance started, once', async (_what, death) => {
    newIo();
    place.pause(400);
    const reference = await callAndDie(death);
    place.pause(0);
    const io = newIo({ same: true, fence: 2, externalRef: reference });
    const started = await driver.start(io, shop.releases.second);
    expect(started.instanceId).toBe(reference?.instanceId);
    expect(ofSecond(await driver.observe())).toEqual([
      { instanceId: started.instanceId, tag: shop.releases.second.tag, pid: expect.any(Number) },
    ]);
    expect(await driver.retire(io)).toBe(1);
  });

  it('after it: the successor goes on with what runs', async () => {
    newIo();
    const reference = await callAndDie({ call: 'start', when: 'done' });
    const before = ofSecond(await driver.observe());
    expect(before).toHaveLength(1);
    const io = newIo({ same: true, fence: 2, externalRef: reference });
    await driver.start(io, shop.releases.second);
    expect(ofSecond(await driver.observe())).toEqual(before);
    expect(io.lines.join('\n')).toContain(`Went on with ${reference?.instanceId}`);
    expect(io.lines.join('\n')).not.toContain('starting ');
    expect(await driver.retire(io)).toBe(1);
  });

  it('and what it started ends: the successor has another started, and the first retired', async () => {
    newIo();
    const reference = await callAndDie({ call: 'start', when: 'done' });
    process.kill(ofSecond(await driver.observe())[0]?.pid as number, 'SIGKILL');
    await eventually(async () => expect(ofSecond(await driver.observe())).toEqual([]));
    const io = newIo({ same: true, fence: 2, externalRef: reference });
    const started = await driver.start(io, shop.releases.second);
    expect(started.instanceId).not.toBe(reference?.instanceId);
    expect(ofSecond(await driver.observe())).toHaveLength(1);
    expect(await driver.retire(io)).toBe(1);
  });

  it('and is retired meanwhile: another start has a name of its own', async () => {
    newIo();
    const reference = await callAndDie({ call: 'start', when: 'done' });
    expect(await driver.retire(newIo({ same: true, fence: 2 }))).toBe(1);
    const io = newIo({ same: true, fence: 3, externalRef: reference });
    expect((await driver.start(io, shop.releases.second)).instanceId).not.toBe(reference?.instanceId);
    expect(await driver.retire(io)).toBe(1);
  });
});

describe('a worker that dies while it has visitors switched', { timeout: 30_000 }, () => {
  it.each<[string, Death, string, string | null]>([
    [
      'before the balancer knows',
      { call: 'switchTo', when: 'words', words: 'switching to' },
      'switching to',
      null,
    ],
    [
      'when the balancer has done it',
      { call: 'switchTo', when: 'words', words: 'switched to' },
      'an earlier attempt got through',
      'switching to',
    ],
    [
      'when the driver knows it',
      { call: 'switchTo', when: 'done' },
      'was put in front of visitors before',
      'switching to',
    ],
  ])('%s: the successor finishes it', async (_what, death, said, unsaid) => {
    const first = newIo();
    const { instanceId } = await driver.start(first, shop.releases.second);
    place.pause(400);
    await callAndDie(death, instanceId);
    place.pause(0);
    const io = newIo({ same: true, fence: 2 });
    await driver.switchTo(io, instanceId);
    expect(await served()).toBe(shop.releases.second.tag);
    expect((await driver.observe()).live?.instanceId).toBe(instanceId);
    expect(io.lines.join('\n')).toContain(said);
    if (unsaid) expect(io.lines.join('\n')).not.toContain(unsaid);
    expect(await driver.retire(io)).toBe(1);
    const back = newIo();
    await deployWith({ driver, environment }, back, shop.releases.first);
    expect(await driver.retire(back)).toBe(1);
  });

  it('and whose run nobody takes up: a later run ends neither release before it has switched', async () => {
    const first = newIo();
    const { instanceId } = await driver.start(first, shop.releases.second);
    place.pause(400);
    await callAndDie({ call: 'switchTo', when: 'words', words: 'switching to' }, instanceId);
    place.pause(0);
    const later = newIo();
    expect(await driver.retire(later)).toBe(0);
    expect((await driver.observe()).instances).toHaveLength(2);
    await deployWith({ driver, environment }, later, shop.releases.first);
    expect(await driver.retire(later)).toBe(2);
  });
});
