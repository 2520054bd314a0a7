import { describe, expect, it } from 'vitest';
import { EXIT } from '#server/cli/ops/exit-codes';
import { callOps } from '#server/testing/ops';
import { testTerminal } from '#server/testing/terminal';

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

describe('alerts', () => {
  const id = (end: number) => `01a204d9-0000-7000-8000-${String(end).padStart(12, '0')}`;
  const page = (ends: number[], total = ends.length) => ({
    rows: ends.map((end) => ({ id: id(end) })),
    total,
    page: 1,
    pageSize: 200,
  });
  /** Two that are open, and one that is resolved, of as many as `total`. */
  const listAlerts =
    (total = 1) =>
    ({ state }: Record<string, unknown>) =>
      state === 'open' ? page([11_111, 22_222]) : page([33_333], total);
  const resolveAlert = () => ({ title: 'Errors' });
  const resolve = (given: string, total?: number) =>
    callOps(`alerts resolve ${given} --reason Over`, { listAlerts: listAlerts(total), resolveAlert });

  it('are found by their whole id without a look at the lists', async () => {
    const { sent, inputOf } = await resolve(id(99_999));
    expect(sent).toEqual(['resolveAlert']);
    expect(inputOf('resolveAlert')).toMatchObject({ alertId: id(99_999) });
  });

  it('are found by the end of their id, open or resolved, however many are open', async () => {
    expect((await resolve('22222')).inputOf('resolveAlert')).toMatchObject({ alertId: id(22_222) });
    expect((await resolve('33333')).inputOf('resolveAlert')).toMatchObject({ alertId: id(33_333) });
  });

  it('say until which day somebody deals with them', async () => {
    const acknowledgeAlert = () => ({ title: 'Errors', acknowledgedUntil: '2026-03-03T00:05:07.000Z' });
    const terminal = testTerminal({ now: Date.parse('2026-03-02T23:05:07.000Z') });
    const { out } = await callOps(`alerts ack ${id(1)}`, { acknowledgeAlert }, { terminal });
    expect(out).toBe('You deal with "Errors" until 2026-03-03 00:05Z (in 1 h).\n');
  });

  it('that are not found are denied only where all were looked at', async () => {
    const none = await resolve('44444');
    expect([none.exitCode, none.err]).toEqual([
      EXIT.usage,
      expect.stringContaining('There is no alert "44444".'),
    ]);
    const cut = await resolve('44444', 500);
    expect([cut.exitCode, cut.sent]).toEqual([EXIT.usage, ['listAlerts', 'listAlerts']]);
    expect(cut.err).toContain('None of the newest 3 alerts has the id "44444".');
    expect(cut.err).toContain('Give its whole id');
  });
});
