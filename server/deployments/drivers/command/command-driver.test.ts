import { createCommandDriver } from '#server/deployments/drivers/command/command-driver';
import { commandEnvironment } from '#server/deployments/drivers/command/settings';
import { describeDeployDriver } from '#server/deployments/drivers/driver-suite';
import { createLogger } from '#server/platform/logger';
import { commandFixture, createCommandShop, SECRET } from '#server/testing/command-shop';
import { createFixtureShop } from '#server/testing/fixture-shop';

const log = createLogger({ level: 'silent', process: 'cli' });

async function harnessOf(kind: 'inParts' | 'atOnce', port: number) {
  const shop = await createFixtureShop();
  const place = await createCommandShop(shop, port);
  const environment = commandFixture(shop, port, place[kind]);
  return {
    driver: createCommandDriver(commandEnvironment(environment), log),
    environment,
    releases: shop.releases,
    secret: SECRET,
    dispose: async () => {
      await place.stop();
      shop.remove();
    },
  };
}

describeDeployDriver('command', () => harnessOf('inParts', 5_670));
describeDeployDriver('command, one for everything', () => harnessOf('atOnce', 5_671), 'after-switch');
