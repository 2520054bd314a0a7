import { describe, expect, it } from 'vitest';
import { formatChildLine } from '#server/cli/start/screen';

const warning = JSON.stringify({
  level: 40,
  time: 'x',
  pid: 1,
  msg: 'slow',
  ms: 12,
  err: { message: 'because', stack: 's' },
});

describe('formatChildLine', () => {
  it('keeps to the level asked for', () => {
    expect(formatChildLine('web', warning, 'error')).toBeNull();
    expect(formatChildLine('web', warning, 'silent')).toBeNull();
    expect(formatChildLine('web', warning, 'warn')).toBe('  web      warn  slow  because  ms=12');
  });

  it('shows what is no JSON log as it is', () => {
    expect(formatChildLine('worker', 'Error: boom', 'error')).toBe('  worker   Error: boom');
    expect(formatChildLine('worker', '{not json', 'error')).toBe('  worker   {not json');
    expect(formatChildLine('worker', '  ', 'trace')).toBeNull();
  });
});
