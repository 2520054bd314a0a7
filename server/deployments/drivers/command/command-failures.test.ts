import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCommandDriver } from '#server/deployments/drivers/command/command-driver';
import { commandEnvironment } from '#server/deployments/drivers/command/settings';
import { type DeployDriver, SwitchUncertain } from '#server/deployments/drivers/driver';
import { deployWith } from '#server/deployments/drivers/driver-suite';
import { createLogger } from '#server/platform/logger';
import { StepFailure } from '#server/runs/procedure';
import type { EnvironmentOf } from '#server/services/config';
import {
  type CommandShop,
  commandFixture,
  createCommandShop,
  SECRET,
  shopCommand,
} from '#server/testing/command-shop';
import { createFixtureShop, type DeployInput, type FixtureShop } from '#server/testing/fixture-shop';
import { createTestStepIo, type TestStepIo } from '#server/testing/step-io';
import { ask } from '#server/testing/visitors';

const PORT = 5_672;
const log = createLogger({ level: 'silent', process: 'cli' });

let shop: FixtureShop;
let place: CommandShop;
let runNumber = 0;
const newRun = (): TestStepIo => {
  runNumber += 1;
  return createTestStepIo({ runNumber });
};

type Steps = DeployInput<'command'>['steps'];

/** The shop in parts, with some of its commands otherwise. */
function environmentWith(
  steps: Partial<Steps>,
  timeouts: DeployInput<'command'>['timeouts'] = {},
): EnvironmentOf<'command'> {
  return commandFixture(shop, PORT, {
    ...place.inParts,
    steps: { ...place.inParts.steps, ...steps },
    timeouts,
  });
}
const driverWith = (...change: Parameters<typeof environmentWith>): DeployDriver =>
  createCommandDriver(commandEnvironment(environmentWith(...change)), log);

const journalFolder = (): string => path.join(place.inParts.directory, 'journal');
const served = async (): Promise<string> => (await ask(new URL(`http://127.0.0.1:${PORT}`))).release;

/** What a call throws; fails when it does not. */
async function failureOf(work: Promise<unknown>): Promise<StepFailure> {
  const failure = await work.then(
    () => null,
    (error: unknown) => error,
  );
  expect(failure).toBeInstanceOf(StepFailure);
  return failure as StepFailure;
}

function expectNoSecret(io: TestStepIo, failure: Error): void {
  expect(failure.message).not.toContain(SECRET);
  expect(io.lines.join('\n')).not.toContain(SECRET);
}

/** The first release, live; the second in place. */
async function firstLive(): Promise<void> {
  const environment = environmentWith({});
  const driver = driverWith({});
  const io = newRun();
  await deployWith({ driver, environment }, io, shop.releases.first);
  await driver.retire(io);
  await driver.prepare(io, shop.releases.second);
  await driver.build(io, shop.releases.second);
}

beforeAll(async () => {
  shop = await createFixtureShop();
  place = await createCommandShop(shop, PORT);
  await firstLive();
}, 60_000);
afterAll(async () => {
  await place.stop();
  shop.remove();
});

describe('a command that answers otherwise than it should', { timeout: 30_000 }, () => {
  const print = (text: string) => `echo 'one line'; printf '%s\\n' "${text}"`;

  it.each([
    ['nothing', 'true', 'it printed nothing on stdout'],
    ['a text with a secret', print('ready: $SHOP_SECRET'), 'its last line on stdout is no JSON'],
    ['JSON that is cut', print(`{\\"url\\": \\"$SHOP_SECRET`), 'its last line on stdout is no JSON'],
    ['no address', print('{\\"port\\": 80}'), 'url: Invalid input'],
    ['a secret as address', print('{\\"url\\": \\"$SHOP_SECRET\\"}'), 'url: Invalid URL'],
    ['another protocol', print('{\\"url\\": \\"file:///etc/passwd\\"}'), 'url: Invalid URL'],
    [
      'an id with spaces',
      print('{\\"url\\": \\"http://a\\", \\"instanceId\\": \\"$SHOP_SECRET b\\"}'),
      'instanceId: use at most',
    ],
  ])('start: %s', async (_what, start, problem) => {
    const io = newRun();
    const failure = await failureOf(driverWith({ start }).start(io, shop.releases.second));
    expect(failure.message).toContain('The start of v1.1.0 did not answer as expected');
    expect(failure.message).toContain(problem);
    expect(failure.message).toContain(`"${start.replaceAll(SECRET, '')}" must print JSON like {"url": `);
    expect(failure.message).toContain('Correct the command');
    expectNoSecret(io, failure);
  });

  it('start: an address with a secret in it', async () => {
    const io = newRun();
    const start = print('{\\"url\\": \\"http://user:$SHOP_SECRET@127.0.0.1/\\"}');
    const failure = await failureOf(driverWith({ start }).start(io, shop.releases.second));
    expect(failure.message).toBe(
      'The start of v1.1.0 answered with a secret in it. Visitors are still on the release before.',
    );
    expectNoSecret(io, failure);
  });

  it('pendingMigrations, retire, prune and observe', async () => {
    const io = newRun();
    const answer = print('[{\\"secret\\": \\"$SHOP_SECRET\\"}]');
    const driver = driverWith({ pendingMigrations: answer, prune: answer });
    const pending = await failureOf(driver.pendingMigrations(io, shop.releases.second));
    expect(pending.message).toContain(
      'The search for pending migrations of v1.1.0 did not answer as expected: 0:',
    );
    expectNoSecret(io, pending);
    const pruned = await failureOf(driver.prune(io, []));
    expect(pruned.message).toContain('The removal of old releases did not answer as expected: 0:');
    const retiring = driverWith({ retire: print('-1') });
    await retiring.start(io, shop.releases.second);
    const retired = await failureOf(retiring.retire(io));
    expect(retired.message).toContain('must print JSON like 1 as its last line');
    expect(await driverWith({}).retire(io)).toBe(1);
    await expect(driverWith({ observe: answer }).observe()).rejects.toMatchObject({
      name: 'AppError',
      kind: 'unavailable',
      message: expect.not.stringContaining(SECRET),
    });
    expect(await served()).toBe('v1.0.0');
  });

  it('pending migrations may be spread over lines', async () => {
    const driver = driverWith({ pendingMigrations: `printf '[\\n "a",\\n "b"\\n]\\n'` });
    expect(await driver.pendingMigrations(newRun(), shop.releases.second)).toEqual(['a', 'b']);
  });
});

describe('a command that fails', { timeout: 30_000 }, () => {
  it.each([
    ['prepare', 'The preparation'],
    ['build', 'The build'],
    ['migrate', 'The migration'],
    ['start', 'The start'],
  ] as const)('%s is named with its exit code and its last words', async (name, what) => {
    const line = 'echo "out of paper, says $SHOP_SECRET" >&2; exit 4';
    const driver = driverWith({ [name]: line });
    const io = newRun();
    // Another build is made in another checkout.
    if (name === 'build') await driver.prepare(io, shop.releases.second);
    const failure = await failureOf(driver[name](io, shop.releases.second));
    expect(failure.message).toContain(
      `${what} of v1.1.0 failed: "${line}" ended with exit code 4; its last words: out of paper, says [redacted]`,
    );
    expect(failure.options.exitCode).toBe(4);
    expectNoSecret(io, failure);
    expect(await served()).toBe('v1.0.0');
  });

  it('is stopped when it takes too long, and when it falls silent', async () => {
    const { second } = shop.releases;
    const slow = driverWith({ build: 'while :; do echo still; sleep 0.1; done' }, { buildSeconds: 1 });
    await slow.prepare(newRun(), second);
    expect((await failureOf(slow.build(newRun(), second))).message).toContain('longer than');
    const silent = driverWith({ build: 'echo hm; sleep 20' }, { silenceSeconds: 1 });
    await silent.prepare(newRun(), second);
    expect((await failureOf(silent.build(newRun(), second))).message).toContain('said nothing');
  });

  it('observe is stopped too, outside of any run', async () => {
    const environment = commandEnvironment(environmentWith({ observe: 'sleep 20' }));
    const impatient = { ...environment, timeouts: { ...environment.timeouts, observe: 500 } };
    await expect(createCommandDriver(impatient, log).observe()).rejects.toMatchObject({
      kind: 'unavailable',
      message: '"sleep 20" was stopped: it ran longer than 0.5 s',
    });
  });
});

describe('a switch that fails', { timeout: 30_000 }, () => {
  it('is a plain failure where observe tells that visitors are elsewhere', async () => {
    const io = newRun();
    const driver = driverWith({ switch: 'echo the balancer is closed; exit 7' });
    const { instanceId } = await driver.start(io, shop.releases.second);
    const failure = await failureOf(driver.switchTo(io, instanceId));
    expect(failure).not.toBeInstanceOf(SwitchUncertain);
    expect(failure.options).toMatchObject({ exitCode: 7 });
    expect(failure.options.needsAttention).toBeUndefined();
    expect(failure.message).toMatch(
      /^The switch to v1\.1\.0 failed: ".*" ended with exit code 7; its last words: the balancer is closed\. Visitors are on v1\.0\.0 \(.*\)\.$/,
    );
    expect(await driver.retire(io)).toBe(1);
    expect(await served()).toBe('v1.0.0');
  });

  it('needs a person where nobody can tell, and spares both releases until somebody can', async () => {
    const io = newRun();
    // Fails after it has succeeded.
    const line = `${shopCommand('switch')}; exit 1`;
    const driver = driverWith({ switch: line, observe: undefined });
    const { instanceId } = await driver.start(io, shop.releases.second);
    const failure = await failureOf(driver.switchTo(io, instanceId));
    expect(failure).toBeInstanceOf(SwitchUncertain);
    expect(failure.options).toMatchObject({ needsAttention: true, exitCode: 1 });
    expect(failure.message).toContain(
      'Nobody can tell from here which release visitors reach. Look; then resume',
    );
    expect(await served()).toBe('v1.1.0');
    const later = newRun();
    expect(await driver.retire(later)).toBe(0);
    expect((await driverWith({}).observe()).instances).toHaveLength(2);
    // A later attempt whose outcome is known settles it.
    const known = driverWith({});
    const again = newRun();
    const started = await known.start(again, shop.releases.first);
    await known.switchTo(again, started.instanceId);
    expect(await known.retire(again)).toBe(2);
    expect(await served()).toBe('v1.0.0');
  });

  it('needs a person when it was cut off: it may still take effect', async () => {
    const io = newRun();
    const driver = driverWith({ switch: 'sleep 20' }, { switchSeconds: 1 });
    const { instanceId } = await driver.start(io, shop.releases.second);
    const failure = await failureOf(driver.switchTo(io, instanceId));
    expect(failure).toBeInstanceOf(SwitchUncertain);
    expect(failure.message).toContain('was not finished: Stopped: it ran longer than');
    expect(failure.message).toMatch(/\(Visitors are on v1\.0\.0 \(.*\) now\)/);
    const again = newRun();
    const live = await deployWith(
      { driver: driverWith({}), environment: environmentWith({}) },
      again,
      shop.releases.first,
    );
    expect(await driverWith({}).retire(again)).toBe(2);
    expect((await driverWith({}).observe()).live?.instanceId).toBe(live);
  });
});

describe('what a run is told and what it leaves', { timeout: 30_000 }, () => {
  it('each command gets the release, the run and its fencing token', async () => {
    const io = newRun();
    const names = ['RELEASE', 'COMMIT_SHA', 'RUN_NUMBER', 'RUN_ID', 'FENCING_TOKEN', 'ENVIRONMENT_URL'];
    const show = `echo ${names.map((name) => `$${name}`).join(' ')}`;
    const { second } = shop.releases;
    const driver = driverWith({ build: show });
    await driver.prepare(io, second);
    await driver.build(io, second);
    const line = `${second.tag} ${second.commitSha} ${io.runNumber} ${io.runId} ${io.fencingToken} http://127.0.0.1:${PORT}`;
    expect(io.lines).toContain(line);
    await driver.runCommand(io, second, show, { timeoutMs: 5_000 });
    expect(io.lines.filter((text) => text === line)).toHaveLength(2);
  });

  it('a checkout is prepared once, and so is the copy for checks', async () => {
    const prepare = 'echo prepared >>prepared.txt';
    const driver = driverWith({ prepare });
    const io = newRun();
    for (let time = 0; time < 2; time += 1) await driver.prepare(io, shop.releases.first);
    for (let time = 0; time < 2; time += 1)
      expect(
        await driver.runCommand(io, shop.releases.first, 'test "$(wc -l <prepared.txt)" -eq 1', {
          timeoutMs: 5_000,
        }),
      ).toBe(0);
    expect(io.lines.filter((text) => text === 'v1.0.0 was prepared before')).toHaveLength(2);
  });

  it('may take an instance that runs already, under its own name', async () => {
    const io = newRun();
    const { instanceId, url } = await driverWith({}).start(io, shop.releases.second);
    const again = newRun();
    const adopting = driverWith({
      start: `echo '${JSON.stringify({ instanceId, url })}'`,
    });
    expect(await adopting.start(again, shop.releases.second)).toEqual({ instanceId, url });
    expect(again.externalRef).toEqual({ instanceId });
    expect((await driverWith({ observe: undefined }).observe()).instances).toHaveLength(2);
    expect(await driverWith({}).retire(again)).toBe(1);
  });

  it('without retire and prune nothing but the own checkouts is ended or removed', async () => {
    const io = newRun();
    const driver = driverWith({ retire: undefined, prune: undefined, observe: undefined });
    const { instanceId } = await driver.start(io, shop.releases.second);
    expect(await driver.retire(io)).toBe(0);
    expect((await driver.observe()).instances.map(({ tag }) => tag)).toEqual(['v1.0.0']);
    expect((await driverWith({}).observe()).instances.map((one) => one.instanceId)).toContain(instanceId);
    expect(await driver.prune(io, [])).toEqual(['v1.1.0']);
    expect(existsSync(path.join(place.state, 'artifacts', 'v1.1.0'))).toBe(true);
    const again = newRun();
    await driver.prepare(again, shop.releases.second);
    await driver.build(again, shop.releases.second);
  });

  it('comes back by the resume command', async () => {
    const driver = driverWith({});
    const { live, instances } = await driver.observe();
    const pid = instances.find(({ instanceId }) => instanceId === live?.instanceId)?.pid;
    process.kill(pid as number, 'SIGKILL');
    await driver.resume();
    expect(await served()).toBe('v1.0.0');
    await driver.resume();
    const after = (await driver.observe()).instances.find(
      ({ instanceId }) => instanceId === live?.instanceId,
    );
    expect(after?.pid).not.toBe(pid);
    await expect(driverWith({ resume: 'echo "no $SHOP_SECRET"; exit 2' }).resume()).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringMatching(/ended with exit code 2; its last words: no \[redacted\]$/),
    });
  });
});

describe('a claim that comes too late', { timeout: 30_000 }, () => {
  it('starts nothing and switches nothing', async () => {
    const frozen = newRun();
    const late = newRun();
    const { instanceId } = await driverWith({}).start(late, shop.releases.second);
    for (const work of [
      driverWith({}).start(frozen, shop.releases.second),
      driverWith({}).switchTo(frozen, instanceId),
    ]) {
      expect((await failureOf(work)).message).toContain(
        `A later run (token ${late.fencingToken}) has taken over; this one (token ${frozen.fencingToken}) may not`,
      );
    }
    expect(frozen.lines).toEqual([]);
    expect(await driverWith({}).prune(frozen, [])).toEqual([]);
    expect(await driverWith({}).retire(late)).toBe(1);
    expect(await served()).toBe('v1.0.0');
  });

  it('is refused by who gets its token, where the journal is lost', async () => {
    rmSync(journalFolder(), { recursive: true });
    const old = createTestStepIo({ runNumber: 0 });
    const { instanceId } = await driverWith({}).start(old, shop.releases.second);
    const failure = await failureOf(driverWith({}).switchTo(old, instanceId));
    expect(failure.message).toContain('its last words: The balancer refused: fenced');
    expect(await served()).toBe('v1.0.0');
    expect(await driverWith({}).retire(old)).toBe(1);
    await firstLive();
  });

  it('finds nothing to do where the journal cannot be read, rather than to guess', async () => {
    const [newest = ''] = readdirSync(journalFolder()).sort().reverse();
    const file = path.join(journalFolder(), newest);
    const content = readFileSync(file, 'utf8');
    writeFileSync(file, content.slice(0, 20));
    const message = expect.stringContaining(`${file} cannot be read`);
    await expect(driverWith({}).retire(newRun())).rejects.toMatchObject({ kind: 'unavailable', message });
    await expect(driverWith({}).observe()).rejects.toMatchObject({ kind: 'unavailable', message });
    writeFileSync(file, content);
    expect((await driverWith({}).observe()).live?.tag).toBe('v1.0.0');
  });
});
