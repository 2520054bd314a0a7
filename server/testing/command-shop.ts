import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { EnvironmentOf } from '#server/services/config';
import { eventually } from '#server/testing/eventually';
import {
  type DeployInput,
  environmentIn,
  type FixtureShop,
  fixtureConfig,
} from '#server/testing/fixture-shop';

const PROGRAM = fileURLToPath(new URL('./command-shop.mjs', import.meta.url));
const BALANCER = fileURLToPath(new URL('../deployments/drivers/local/proxy.mjs', import.meta.url));

/** A value of the environment that must never be logged. */
export const SECRET = 'correct-horse-battery';

/** A place to deploy the fixture shop to with commands: a balancer for visitors and the files of the commands. */
export interface CommandShop {
  state: string;
  /** Each part of a deploy with a command of its own. */
  inParts: DeployInput<'command'>;
  /** One command that does it all. */
  atOnce: DeployInput<'command'>;
  /** Has `start` and `switch` wait this long, ms, in their middle. */
  pause(ms: number): void;
  /** Ends the balancer and every process of a release. */
  stop(): Promise<void>;
}

/** The line that runs one of the shop's commands. */
export function shopCommand(name: string): string {
  return `node ${PROGRAM} ${name}`;
}

/** @param port where visitors come */
export async function createCommandShop(shop: FixtureShop, port: number): Promise<CommandShop> {
  const state = path.join(shop.folder, 'commands');
  const socket = path.join(state, 'proxy', 'control.sock');
  mkdirSync(path.dirname(socket), { recursive: true });
  const balancer = spawn(
    process.execPath,
    [BALANCER, `--directory=${state}`, '--host=127.0.0.1', `--port=${port}`, `--socket=${socket}`],
    { stdio: 'ignore' },
  );
  const ended = new Promise((resolve) => balancer.once('exit', resolve));
  await eventually(() => answers(socket));
  const base = {
    driver: 'command' as const,
    repository: shop.repository,
    directory: path.join(shop.folder, 'driver'),
    env: {
      SHOP_SECRET: SECRET,
      BUILD_LOG: path.join(shop.folder, 'build.log'),
      SHOP_STATE: state,
      SHOP_BALANCER: socket,
    },
    secretEnv: ['SHOP_SECRET'],
  };
  const common = {
    prepare: shopCommand('prepare'),
    build: 'node build.mjs',
    pendingMigrations: 'node pending.mjs',
    migrate: 'echo migrated >migrated.txt',
  };
  return {
    state,
    inParts: {
      ...base,
      steps: {
        ...common,
        start: shopCommand('start'),
        isRunning: shopCommand('is-running'),
        switch: shopCommand('switch'),
        retire: shopCommand('retire'),
        prune: shopCommand('prune'),
        observe: shopCommand('observe'),
        resume: shopCommand('resume'),
      },
    },
    atOnce: { ...base, steps: { ...common, switch: shopCommand('deploy') } },
    pause: (ms) => {
      if (ms > 0) writeFileSync(path.join(state, 'pause'), String(ms));
      else rmSync(path.join(state, 'pause'), { force: true });
    },
    stop: async () => {
      for (const pid of listPids(state)) endNow(pid);
      balancer.kill('SIGKILL');
      await ended;
    },
  };
}

/** The fixture's environment with a command driver. */
export function commandFixture(
  shop: FixtureShop,
  port: number,
  deploy: DeployInput<'command'>,
): EnvironmentOf<'command'> {
  const environment = environmentIn(fixtureConfig(shop, port, { deploy }));
  if (environment.deploy.driver !== 'command') throw new Error('The fixture has another driver');
  return { ...environment, deploy: environment.deploy };
}

function answers(socketPath: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ socketPath, path: '/state', agent: false }, (response) => {
      response.resume().once('end', () => resolve());
    });
    outgoing.once('error', reject).end();
  });
}

function listPids(state: string): number[] {
  const instances = path.join(state, 'instances');
  const names = existsSync(instances) ? readdirSync(instances) : [];
  const files = names.map((name) => path.join(instances, name, 'pid')).filter((file) => existsSync(file));
  return files.map((file) => Number(readFileSync(file, 'utf8')));
}

function endNow(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
