import { describe, expect, it } from 'vitest';
import { EXIT } from '#server/cli/ops/exit-codes';
import { callOps } from '#server/testing/ops';

describe('rules switch', () => {
  const switchRule = ({ key }: Record<string, unknown>) => ({
    key,
    title: 'Errors',
    enabled: false,
    dryRun: false,
  });

  it.each(['off', 'real'])('%s asks first, and --yes answers', async (to) => {
    const unasked = await callOps(`rules switch errors ${to}`, { switchRule });
    expect([unasked.exitCode, unasked.sent]).toEqual([EXIT.usage, []]);
    const { exitCode, inputOf } = await callOps(`rules switch errors ${to} --reason Noise --yes`, {
      switchRule,
    });
    expect(exitCode).toBe(EXIT.done);
    expect(inputOf('switchRule')).toMatchObject({ key: 'errors', reason: 'Noise' });
  });

  it.each(['on', 'dry'])('%s does not ask', async (to) => {
    expect((await callOps(`rules switch errors ${to}`, { switchRule })).exitCode).toBe(EXIT.done);
  });
});
