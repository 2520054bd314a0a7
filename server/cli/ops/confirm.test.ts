import { describe, expect, it } from 'vitest';
import { provideDomains } from '#server/bootstrap';
import { confirm, confirmationOf, type Question } from '#server/cli/ops/confirm';
import { EXIT } from '#server/cli/ops/exit-codes';
import { OpsFailure } from '#server/cli/ops/failure';
import { createLogger } from '#server/platform/logger';
import { PROCEDURES, type Procedure } from '#server/runs/procedure';
import { opsConfigSchema } from '#server/services/config';

const question = (change: Partial<Question>): Question => ({
  level: 'consequential',
  text: 'Deploy v1.3.0?',
  name: 'shop/production',
  yes: false,
  canAsk: true,
  ask: () => Promise.reject(new Error('nobody should be asked')),
  ...change,
});

/** The exit code and message, or `done`. */
async function outcome(change: Partial<Question>): Promise<string> {
  return confirm(question(change)).then(
    () => 'done',
    (error: unknown) => {
      if (!(error instanceof OpsFailure)) throw error;
      return `${error.exitCode} ${error.message}`;
    },
  );
}

describe('confirmation', () => {
  it('has the level that each procedure of this installation says', () => {
    const config = opsConfigSchema.parse({
      services: {
        shop: {
          title: 'Shop',
          environments: {
            production: {
              title: 'Production',
              url: 'http://127.0.0.1:5849',
              deploy: { driver: 'local', repository: '/nowhere', directory: '/nowhere', proxyPort: 5849 },
              health: {},
              validation: { endpoints: [{ path: '/' }] },
            },
          },
        },
      },
    });
    const log = createLogger({ level: 'silent', process: 'cli' });
    const procedures = provideDomains({ config, hash: 'test', file: 'test' }, log).get(PROCEDURES) as Map<
      string,
      Procedure<never>
    >;
    expect(procedures.size).toBeGreaterThan(3);
    for (const { id, confirmation } of procedures.values()) expect(confirmationOf(id), id).toBe(confirmation);
  });

  it('takes a procedure that it does not know for a drastic one', () => {
    expect(confirmationOf('security.emergency-rotation')).toBe('drastic');
  });

  it('asks nothing for what is safe', async () => {
    expect(await outcome({ level: 'safe', canAsk: false })).toBe('done');
  });

  it('asks y/N for what is consequential, and no is the answer to everything but yes', async () => {
    const asked: string[] = [];
    for (const [answer, expected] of [
      ['y', 'done'],
      [' YES ', 'done'],
      ['', `${EXIT.refused} Not confirmed. Nothing was started.`],
      ['n', `${EXIT.refused} Not confirmed. Nothing was started.`],
      ['yep', `${EXIT.refused} Not confirmed. Nothing was started.`],
    ]) {
      const ask = async (text: string) => {
        asked.push(text);
        return answer ?? '';
      };
      expect(await outcome({ ask }), answer).toBe(expected);
    }
    expect(new Set(asked)).toEqual(new Set(['Deploy v1.3.0? [y/N] ']));
  });

  it('takes --yes for what is consequential, and refuses to go without it where nobody can be asked', async () => {
    expect(await outcome({ yes: true })).toBe('done');
    expect(await outcome({ yes: true, canAsk: false })).toBe('done');
    expect(await outcome({ canAsk: false })).toMatch(/^2 .*no terminal.*Nothing was started/);
  });

  it('refuses --yes for what is drastic, with and without a terminal', async () => {
    for (const canAsk of [true, false]) {
      expect(await outcome({ level: 'drastic', yes: true, canAsk })).toMatch(/^2 --yes does not answer/);
    }
    expect(await outcome({ level: 'drastic', canAsk: false })).toMatch(/^2 .*no terminal/);
  });

  it('has the name typed for what is drastic', async () => {
    const typing = (typed: string) => outcome({ level: 'drastic', ask: async () => typed });
    expect(await typing('shop/production')).toBe('done');
    expect(await typing(' shop/production ')).toBe('done');
    expect(await typing('y')).toMatch(/^4 That was not shop\/production/);
    expect(await typing('')).toMatch(/^4 /);
  });
});
