import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Ctx } from '#server/platform/context';
import type { OpsConfigInput } from '#server/services/config';
import { type LoadedConfig, loadConfig } from '#server/services/load-config';
import { getConfiguration, OPS_CONFIG } from '#server/services/queries';
import { createTestApp, type TestApp } from '#server/testing/context';

const SECRET = 'postgres://shop:hunter-two-and-three@db.example/shop';
const folder = mkdtempSync(path.join(tmpdir(), 'ops-configuration-'));
const file = path.join(folder, 'ops.config.ts');

function config(samples: number): OpsConfigInput {
  return {
    services: {
      shop: {
        title: 'Shop',
        environments: {
          production: {
            title: 'Production',
            url: 'http://127.0.0.1:5799',
            deploy: {
              driver: 'local',
              repository: folder,
              directory: folder,
              proxyPort: 5799,
              env: { DATABASE_URL: SECRET, SHOP_URL: 'http://127.0.0.1:5799' },
              secretEnv: ['DATABASE_URL'],
              migrate: `DATABASE_URL=${SECRET} npm run migrate`,
            },
            health: {},
            validation: { endpoints: [{ path: '/' }], samples },
          },
        },
      },
    },
  };
}

function write(text: string): void {
  writeFileSync(file, text);
}

const asModule = (value: unknown) => `export default ${JSON.stringify(value)};\n`;

let app: TestApp;
let loaded: LoadedConfig;
let reader: Ctx;

beforeAll(async () => {
  write(asModule(config(10)));
  loaded = await loadConfig(file);
  app = await createTestApp({ provide: [[OPS_CONFIG, loaded]] });
  reader = await app.asRole('responder');
});
afterAll(async () => {
  await app.close();
  rmSync(folder, { recursive: true });
});
beforeEach(() => write(asModule(config(10))));

describe('the configuration on disk', () => {
  it('is in use while nothing that counts has changed in it', async () => {
    write(`// A remark changes nothing.\n${asModule(config(10))}`);
    const { hash, file: onDisk } = await getConfiguration(reader, {});
    expect(hash).toBe(loaded.hash);
    expect(onDisk).toEqual({ name: file, state: 'in_use', hash, changes: [], faults: [] });
  });

  it('has changed, and says in which keys, when a restart would bring another', async () => {
    write(asModule(config(20)));
    const { hash, file: onDisk, services } = await getConfiguration(reader, {});
    expect(onDisk.state).toBe('changed');
    expect(onDisk.hash).toMatch(/^[0-9a-f]{64}$/);
    expect(onDisk.hash).not.toBe(hash);
    expect(onDisk.changes).toEqual(['services.shop.environments.production.validation.samples']);
    expect(services[0]?.environments[0]?.validation.samples).toBe(10);
  });

  it('names each key of it that cannot be used, and what is wrong with it', async () => {
    const { services } = config(10);
    const { url: _url, ...production } = services.shop?.environments.production ?? {};
    write(
      asModule({
        services: {
          shop: { title: 'Shop', environments: { production: { ...production, keepReleases: 1 } } },
        },
      }),
    );
    const { hash, file: onDisk } = await getConfiguration(reader, {});
    expect(hash).toBe(loaded.hash);
    expect(onDisk).toMatchObject({ state: 'broken', hash: null, changes: [] });
    expect(onDisk.faults).toEqual([
      {
        key: 'services.shop.environments.production.url',
        message: 'Invalid input: expected string, received undefined',
      },
      {
        key: 'services.shop.environments.production.keepReleases',
        message: 'Too small: expected number to be >=2',
      },
    ]);
  });

  it.each([
    ['does not compile', 'export default {', /ops\.config\.ts:1:16: ERROR/],
    ['throws', 'throw new Error("no such host");', /^no such host$/],
    ['ends its process', 'process.exit(3);', /exit code 3/],
    ['exports a function', 'export default { services: () => 1 };', /could not be cloned/],
    ['says a secret', `throw new Error("cannot reach ${SECRET}");`, /^cannot reach \[redacted\]$/],
  ])('is broken when it %s, and nothing else is', async (_what, text, message) => {
    write(text);
    const { file: onDisk, services } = await getConfiguration(reader, {});
    expect(onDisk.state).toBe('broken');
    expect(onDisk.faults).toEqual([{ key: null, message: expect.stringMatching(message) }]);
    expect(services).toHaveLength(1);
    await expect(loadConfig(file)).rejects.toThrow(/cannot be loaded: .*Nothing was started\.$/s);
  });

  it('is broken when the file is gone', async () => {
    rmSync(file);
    const { file: onDisk } = await getConfiguration(reader, {});
    expect(onDisk.state).toBe('broken');
    expect(onDisk.faults[0]?.message).toBe(`There is no file ${file}.`);
  });

  it('is read by several at once', async () => {
    const views = await Promise.all([1, 2, 3, 4].map(() => getConfiguration(reader, {})));
    expect(views.map((view) => view.file.state)).toEqual(['in_use', 'in_use', 'in_use', 'in_use']);
  });
});

describe('what people read of it', () => {
  it('holds the names of variables and no value of a secret', async () => {
    const view = await getConfiguration(reader, {});
    const environment = view.services[0]?.environments[0];
    expect(environment?.deploy.variables).toEqual([
      { name: 'DATABASE_URL', isSecret: true },
      { name: 'SHOP_URL', isSecret: false },
    ]);
    expect(environment?.deploy.settings).toContainEqual({
      name: 'migrate',
      value: 'DATABASE_URL=[redacted] npm run migrate',
    });
    expect(JSON.stringify(view)).not.toContain('hunter-two-and-three');
  });

  it('is not for a viewer', async () => {
    await expect(getConfiguration(await app.asRole('viewer'), {})).rejects.toMatchObject({
      kind: 'forbidden',
    });
  });
});

describe('the workers', () => {
  it('are told with the configuration that each runs with, and whether it lives', async () => {
    await app.database.client.$executeRaw`
      INSERT INTO worker (id, hostname, pid, started_at, last_seen_at, config_hash)
      VALUES (gen_random_uuid(), 'new', 1, clock_timestamp(), clock_timestamp(), ${loaded.hash}),
             (gen_random_uuid(), 'old', 2, clock_timestamp() - interval '1 hour', clock_timestamp(), 'another'),
             (gen_random_uuid(), 'gone', 3, clock_timestamp() - interval '2 hours',
              clock_timestamp() - interval '1 minute', NULL)`;
    const { workers } = await getConfiguration(reader, {});
    expect(workers.map(({ hostname, isAlive, hash }) => ({ hostname, isAlive, hash }))).toEqual([
      { hostname: 'new', isAlive: true, hash: loaded.hash },
      { hostname: 'old', isAlive: true, hash: 'another' },
      { hostname: 'gone', isAlive: false, hash: null },
    ]);
  });
});
