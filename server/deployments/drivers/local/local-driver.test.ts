import { describeDeployDriver } from '#server/deployments/drivers/driver-suite';
import { createLocalDriver } from '#server/deployments/drivers/local/local-driver';
import { localEnvironment } from '#server/deployments/drivers/local/settings';
import { stopLocalEnvironment } from '#server/deployments/drivers/local/stop';
import { createLogger } from '#server/platform/logger';
import { createFixtureShop, fixtureEnvironment } from '#server/testing/fixture-shop';

const PROXY_PORT = 5_650;

describeDeployDriver('local', async () => {
  const shop = await createFixtureShop();
  const environment = fixtureEnvironment(shop, PROXY_PORT);
  return {
    driver: createLocalDriver(
      localEnvironment(environment),
      createLogger({ level: 'silent', process: 'cli' }),
    ),
    environment,
    releases: shop.releases,
    secret: 'correct-horse-battery',
    dispose: async () => {
      await stopLocalEnvironment(environment.deploy.directory);
      shop.remove();
    },
  };
});
