import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Credentials } from '#server/cli/ops/client/credentials';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'ops-credentials-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const credential = (token: string) => ({
  token,
  tokenId: 'id',
  email: 'ada@example.com',
  expiresAt: '2026-03-01T12:00:00.000Z',
});

describe('kept tokens', () => {
  it('are in a file that only its owner reads, by console', () => {
    const kept = new Credentials({ XDG_CONFIG_HOME: folder });
    expect(kept.find('http://a')).toBeNull();
    expect(kept.forget('http://a')).toBe(false);
    kept.keep('http://a', credential('one'));
    kept.keep('http://b', credential('two'));
    kept.keep('http://a', credential('three'));
    expect(kept.file).toBe(path.join(folder, 'herbisveritas-ops/credentials.json'));
    expect(statSync(kept.file).mode & 0o777).toBe(0o600);
    expect(statSync(path.dirname(kept.file)).mode & 0o777).toBe(0o700);
    const again = new Credentials({ HOME: '/nowhere', XDG_CONFIG_HOME: folder });
    expect([again.find('http://a')?.token, again.find('http://b')?.token]).toEqual(['three', 'two']);
    expect(again.isOpenToOthers).toBe(false);
    expect(again.forget('http://a')).toBe(true);
    expect(again.find('http://a')).toBeNull();
    expect(again.find('http://b')?.token).toBe('two');
  });

  it('are below ~/.config by themselves', () => {
    expect(new Credentials({ HOME: folder }).file).toBe(
      path.join(folder, '.config/herbisveritas-ops/credentials.json'),
    );
  });

  it('that others can read are noticed, and closed by the next write', () => {
    const kept = new Credentials({ XDG_CONFIG_HOME: folder });
    kept.keep('http://a', credential('one'));
    chmodSync(kept.file, 0o644);
    expect(kept.isOpenToOthers).toBe(true);
    kept.keep('http://b', credential('two'));
    expect(kept.isOpenToOthers).toBe(false);
  });

  it('in a damaged file are named, not guessed at or lost', () => {
    const kept = new Credentials({ XDG_CONFIG_HOME: folder });
    kept.keep('http://a', credential('one'));
    for (const text of ['{"http://a":', '[]', 'null']) {
      writeFileSync(kept.file, text);
      expect(() => kept.find('http://a')).toThrow(kept.file);
      expect(() => kept.keep('http://b', credential('two'))).toThrow(kept.file);
    }
  });
});
