import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { opsConfigSchema } from '#server/services/config';
import { changedKeys, describeConfiguration } from '#server/services/describe';

function configured(options: { env?: Record<string, string>; secretEnv?: string[]; run?: string } = {}) {
  return opsConfigSchema.parse({
    services: {
      shop: {
        title: 'Shop',
        environments: {
          production: {
            title: 'Production',
            url: 'http://127.0.0.1:5799',
            deploy: {
              driver: 'local',
              repository: '/repository',
              directory: '/directory',
              proxyPort: 5799,
              env: options.env ?? {},
              secretEnv: options.secretEnv ?? [],
            },
            checklist: [
              { phase: 'Tests', checks: [{ key: 'one', title: 'One', run: options.run ?? 'true' }] },
            ],
            health: {},
            validation: { endpoints: [{ path: '/' }] },
          },
        },
      },
    },
  });
}

const variable = fc.stringMatching(/^[A-Z][A-Z0-9_]{0,20}$/);
/** At least as long as a secret must be, and odd enough to be in the description only if it was put there. */
const secret = fc.stringMatching(/^[A-Za-z0-9+=%@:/"\\ ]{4,40}$/).map((text) => `~${text}~§`);

describe('describeConfiguration', () => {
  it('never tells the value of a secret variable, wherever else it stands', () => {
    fc.assert(
      fc.property(fc.dictionary(variable, secret, { minKeys: 1, maxKeys: 5 }), (env) => {
        const names = Object.keys(env);
        const run = `curl ${Object.values(env).join(' ')} && ${encodeURIComponent(env[names[0] ?? ''] ?? '')}`;
        const text = JSON.stringify(describeConfiguration(configured({ env, secretEnv: names, run })));
        for (const value of Object.values(env)) {
          expect(text).not.toContain(JSON.stringify(value).slice(1, -1));
          expect(text).not.toContain(encodeURIComponent(value));
        }
        for (const name of names) expect(text).toContain(`{"name":"${name}","isSecret":true}`);
      }),
    );
  });

  it('tells no value of any variable by itself', () => {
    fc.assert(
      fc.property(fc.dictionary(variable, secret, { minKeys: 1, maxKeys: 5 }), (env) => {
        const text = JSON.stringify(describeConfiguration(configured({ env })));
        for (const value of Object.values(env)) {
          expect(text).not.toContain(JSON.stringify(value).slice(1, -1));
        }
      }),
    );
  });
});

describe('changedKeys', () => {
  it('is empty for the same configuration, whatever the order of its keys', () => {
    const before = configured({ env: { A: 'one', B: 'two' } });
    expect(changedKeys(before, configured({ env: { B: 'two', A: 'one' } }))).toEqual([]);
  });

  it('names what was added, taken away or changed', () => {
    const before = configured({ env: { KEPT: 'same', CHANGED: 'before', GONE: 'was here' } });
    const after = configured({ env: { KEPT: 'same', CHANGED: 'after', ADDED: 'is here' } });
    const env = 'services.shop.environments.production.deploy.env';
    expect(changedKeys(before, after).sort()).toEqual([`${env}.ADDED`, `${env}.CHANGED`, `${env}.GONE`]);
  });
});
