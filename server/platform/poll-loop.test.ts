import { describe, expect, it, vi } from 'vitest';
import { startPollLoop } from '#server/platform/poll-loop';

describe('a poll loop', () => {
  it('goes on after an error, never does two rounds at once, and lets the last one end', async () => {
    vi.useFakeTimers();
    const ends: (() => void)[] = [];
    const errors: unknown[] = [];
    let begun = 0;
    const loop = startPollLoop(
      100,
      async () => {
        begun += 1;
        if (begun === 1) throw new Error('away');
        await new Promise<void>((resolve) => ends.push(resolve));
      },
      (error) => errors.push(error),
    );
    await vi.advanceTimersByTimeAsync(50);
    expect([begun, errors.length]).toEqual([1, 1]);
    await vi.advanceTimersByTimeAsync(100);
    expect(begun).toBe(2);
    await vi.advanceTimersByTimeAsync(500);
    expect(begun).toBe(2);
    ends[0]?.();
    await vi.advanceTimersByTimeAsync(100);
    expect(begun).toBe(3);
    let isStopped = false;
    const stopped = loop.stop().then(() => {
      isStopped = true;
    });
    await vi.advanceTimersByTimeAsync(500);
    expect([begun, isStopped]).toEqual([3, false]);
    ends[1]?.();
    await stopped;
    await vi.advanceTimersByTimeAsync(500);
    expect(begun).toBe(3);
    vi.useRealTimers();
  });
});
