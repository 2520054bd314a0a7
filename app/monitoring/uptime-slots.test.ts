import { describe, expect, it } from 'vitest';
import { formatUptime, slotsOf } from '#app/monitoring/uptime-slots';

const bucket = (from: string, okSeconds: number, failedSeconds: number, notRunSeconds = 0) => ({
  from,
  okSeconds,
  failedSeconds,
  notRunSeconds,
  averageMs: null,
});

describe('uptime bars', () => {
  it('end with the hour or day under way, and have a place for what was not looked at', () => {
    const now = '2026-03-02T09:30:00.000Z';
    const slots = slotsOf([bucket('2026-03-02T09:00:00.000Z', 900, 300, 0)], 'day', now);
    expect(slots).toHaveLength(24);
    expect(slots[0]).toMatchObject({ from: '2026-03-01T10:00:00.000Z', bucket: null });
    expect(slots[23]).toMatchObject({ from: '2026-03-02T09:00:00.000Z', failedShare: 0.25, notRunShare: 0 });
    const days = slotsOf([bucket('2026-03-02T00:00:00.000Z', 0, 0, 60)], 'quarter', now);
    expect(days).toHaveLength(90);
    expect(days[89]).toMatchObject({ failedShare: 0, notRunShare: 1 });
  });

  it('are never rounded up to all of the time', () => {
    expect([null, 100, 99.999, 0, 50].map(formatUptime)).toEqual([
      '–',
      '100 %',
      '99.99 %',
      '0.00 %',
      '50.00 %',
    ]);
  });
});
