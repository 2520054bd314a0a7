import { describe, expect, it } from 'vitest';
import { opsConfigSchema } from '#server/services/config';

const command = {
  driver: 'command',
  repository: 'shop.git',
  directory: 'shop',
  steps: { switch: 'npm run deploy:production' },
};

/** What is wrong with these settings of a driver, one text for each: the key, then the message. */
function faultsOf(deploy: unknown): string[] {
  const environment = {
    title: 'Production',
    url: 'http://shop',
    deploy,
    health: {},
    validation: { endpoints: [{ path: '/' }] },
  };
  const parsed = opsConfigSchema.safeParse({
    services: { shop: { title: 'Shop', environments: { production: environment } } },
  });
  return (parsed.error?.issues ?? []).map(
    ({ path, message }) =>
      `${path.join('.').replace('services.shop.environments.production.deploy', 'deploy')}: ${message}`,
  );
}

describe('the settings of a driver', () => {
  it('of commands need no more than one that switches', () => {
    expect(faultsOf(command)).toEqual([]);
  });

  it.each([
    [{ ...command, steps: {} }, 'deploy.steps.switch: Invalid input'],
    [{ ...command, steps: { switch: ' ' } }, 'deploy.steps.switch: Too small'],
    [{ ...command, steps: { ...command.steps, retier: 'x' } }, 'deploy.steps: Unrecognized key: "retier"'],
    [{ ...command, timeouts: { swichSeconds: 5 } }, 'deploy.timeouts: Unrecognized key: "swichSeconds"'],
    [
      { ...command, steps: { ...command.steps, migrate: 'x' } },
      'deploy.steps.migrate: needs pendingMigrations',
    ],
    [
      { ...command, steps: { ...command.steps, pendingMigrations: 'x' } },
      'deploy.steps.pendingMigrations: needs migrate',
    ],
    [{ ...command, steps: { ...command.steps, isRunning: 'x' } }, 'deploy.steps.isRunning: needs start'],
    [{ ...command, driver: 'magic' }, 'deploy.driver: Invalid discriminator value'],
    [{ ...command, secretEnv: ['TOKEN'] }, 'deploy.secretEnv.0: env has no TOKEN'],
    [
      { ...command, env: { PIN: '1234' }, secretEnv: ['PIN'] },
      'deploy.secretEnv.0: PIN is shorter than 6 characters',
    ],
    [
      { driver: 'local', repository: 'r', directory: 'd', proxyPort: 4_000, secretEnv: ['TOKEN'] },
      'deploy.secretEnv.0: env has no TOKEN',
    ],
  ])('are refused with the key and the reason: %#', (deploy, fault) => {
    expect(faultsOf(deploy)).toEqual([expect.stringContaining(fault)]);
  });

  it('may leave a secret empty that is not there yet', () => {
    expect(faultsOf({ ...command, env: { TOKEN: '' }, secretEnv: ['TOKEN'] })).toEqual([]);
  });
});
