import { describe, expect, it } from 'vitest';
import { NameCheck, readSample } from '#server/metrics/samples';

const NOW = Date.parse('2026-03-01T12:00:00Z');
const LIMITS = { nowMs: NOW, oldestMs: NOW - 7 * 86_400_000 };
const good = { name: 'orders_total', kind: 'counter', value: 3 };
const read = (raw: unknown) => readSample(raw, LIMITS, new NameCheck());

describe('a sample as a program sends it', () => {
  it('is taken with its time and labels; an empty label is none', () => {
    expect(read(good)).toEqual({ ...good, labels: {}, atMs: NOW });
    expect(read({ ...good, at: '2026-03-01T12:59:30+01:00', labels: { a: 'x', b: '' } })).toEqual({
      ...good,
      labels: { a: 'x' },
      atMs: NOW - 30_000,
    });
    expect(read({ ...good, at: NOW + 60_000 })).toMatchObject({ atMs: NOW + 60_000 });
  });

  it('has the bound of a bucket in one way', () => {
    const bucket = { name: 'wait_bucket', kind: 'histogram', value: 3 };
    for (const le of ['0.50', '5e-1', '.5'])
      expect(read({ ...bucket, labels: { le } })).toMatchObject({ labels: { le: '0.5' } });
    expect(read({ ...bucket, labels: { le: '+Inf' } })).toMatchObject({ labels: { le: '+Inf' } });
  });

  it.each([
    [null, 'Send an object'],
    [[good], 'Send an object'],
    [{ ...good, name: '1orders' }, 'name:'],
    [{ ...good, name: 'a'.repeat(201) }, 'name:'],
    [{ ...good, kind: 'summary' }, 'kind:'],
    [{ ...good, value: '3' }, 'value: Give a number'],
    [{ ...good, value: 'NaN' }, 'value: NaN cannot be kept'],
    [{ ...good, value: Number.NaN }, 'NaN and infinities'],
    [{ ...good, value: Number.POSITIVE_INFINITY }, 'NaN and infinities'],
    [{ ...good, value: -1 }, 'A counter is never below 0'],
    [{ ...good, time: NOW }, 'time: There is no such field'],
    [{ ...good, at: '2026-03-01' }, 'at: Give an ISO 8601 time'],
    [{ ...good, at: '2026-03-01T12:00:00' }, 'with its zone'],
    [{ ...good, at: '2026-13-01T12:00:00Z' }, 'at: Give'],
    [{ ...good, at: NOW + 61_000 }, '61 s in the future'],
    [{ ...good, at: NOW - 8 * 86_400_000 }, 'Older than samples are kept, which is 7 days'],
    [{ ...good, labels: ['a'] }, 'labels: Give an object'],
    [{ ...good, labels: { 'a-b': 'x' } }, 'is no name for a label'],
    [{ ...good, labels: { a: 1 } }, 'labels.a: Give a text'],
    [{ ...good, labels: { a: 'x'.repeat(501) } }, '500 characters'],
    [{ ...good, labels: { a: 'x\0' } }, 'cannot be kept'],
    [{ ...good, labels: { a: '\ud800' } }, 'cannot be kept'],
    [
      { ...good, labels: Object.fromEntries(Array.from({ length: 21 }, (_, n) => [`l${n}`, 'x'])) },
      '20 at most',
    ],
    [{ ...good, labels: { le: '1' } }, 'Only buckets'],
    [{ name: 'wait', kind: 'histogram', value: 1, labels: { le: '1' } }, 'ends in _bucket'],
    [{ name: 'wait_bucket', kind: 'histogram', value: 1 }, 'upper bound'],
    [{ name: 'wait_bucket', kind: 'histogram', value: 1, labels: { le: 'many' } }, 'upper bound'],
  ])('is refused in words: %j', (raw, words) => {
    expect(read(raw)).toEqual(expect.stringContaining(words));
  });
});
