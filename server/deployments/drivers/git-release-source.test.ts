import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createGitReleaseSource } from '#server/deployments/drivers/git-release-source';
import { isTagName } from '#server/platform/git';
import { createTagState } from '#server/platform/git-tag-state';
import { createLogger } from '#server/platform/logger';

let folder: string;
let hour = 0;
const sha: Record<string, string> = {};
const log = createLogger({ level: 'silent', process: 'cli' });

async function git(...args: string[]): Promise<string> {
  const at = `2026-01-01T${String(hour).padStart(2, '0')}:00:00Z`;
  const env = { GIT_AUTHOR_DATE: at, GIT_COMMITTER_DATE: at, GIT_CONFIG_GLOBAL: '/dev/null' };
  const result = await execa(
    'git',
    ['-c', 'user.name=Ada "A" L', '-c', 'user.email=ada@example.org', ...args],
    { cwd: folder, env },
  );
  return result.stdout;
}

async function commit(message: string, manifest: unknown): Promise<string> {
  hour += 1;
  writeFileSync(
    join(folder, 'release.json'),
    typeof manifest === 'string' ? manifest : JSON.stringify(manifest),
  );
  await git('add', '-A');
  await git('commit', '--quiet', '--allow-empty', '-m', message);
  return git('rev-parse', 'HEAD');
}

const manifest = (schemaVersion: number, oldest = 1) => ({
  schemaVersion,
  oldestCompatibleSchemaVersion: oldest,
  start: ['node', 'server.mjs'],
});

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'release-source-'));
  await git('init', '--quiet', '-b', 'main');
  sha.one = await commit('First\n\nwith a body', manifest(1));
  await git('tag', 'v1.9.0');
  await git('tag', '-m', 'annotated', 'v1.10.0');
  sha.two = await commit('Prices, "quoted" – and ünïcode', manifest(3, 2));
  await git('tag', '-m', 'annotated', 'v2.0.0');
  await commit('no json', 'not json');
  await git('tag', 'broken-json');
  await commit('wrong order', manifest(1, 2));
  await git('tag', 'broken-order');
  await git('rm', '--quiet', 'release.json');
  await git('commit', '--quiet', '-m', 'gone');
  await git('tag', 'without');
  await git('tag', 'a-tree', 'HEAD^{tree}');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('releases from git tags', () => {
  it('lists the releases newest first and leaves out what is none, with a warning each, once', async () => {
    const warn = vi.spyOn(log, 'warn').mockImplementation(() => undefined);
    const source = createGitReleaseSource(folder, log);
    const releases = await source.listReleases();
    expect(releases).toEqual([
      {
        tag: 'v2.0.0',
        commitSha: sha.two,
        title: 'Prices, "quoted" – and ünïcode',
        committedAt: new Date('2026-01-01T02:00:00Z'),
        schemaVersion: 3,
        oldestCompatibleSchemaVersion: 2,
      },
      expect.objectContaining({ tag: 'v1.10.0', commitSha: sha.one, title: 'First', schemaVersion: 1 }),
      expect.objectContaining({ tag: 'v1.9.0', commitSha: sha.one }),
    ]);
    await source.listReleases();
    const reasons = warn.mock.calls.map(([fields]) => fields as unknown as { tag: string; reason: string });
    expect(Object.fromEntries(reasons.map(({ tag, reason }) => [tag, reason]))).toEqual({
      'broken-json': 'release.json is not JSON',
      'broken-order': 'release.json: oldestCompatibleSchemaVersion: cannot be above schemaVersion',
      without: 'it has no release.json',
      'a-tree': 'it names a tree, not a commit',
    });
    expect(reasons).toHaveLength(4);
    warn.mockRestore();
  });

  it('finds one release, sees a moved and a deleted tag', async () => {
    const source = createGitReleaseSource(folder, log);
    expect(await source.findRelease('v1.10.0')).toMatchObject({ commitSha: sha.one });
    expect(await source.findRelease('v1')).toBeNull();
    expect(await source.findRelease('without')).toBeNull();
    await git('tag', 'moving', sha.one as string);
    expect(await source.findRelease('moving')).toMatchObject({ commitSha: sha.one });
    await git('tag', '--force', 'moving', sha.two as string);
    expect(await source.findRelease('moving')).toMatchObject({ commitSha: sha.two });
    await git('tag', '--delete', 'moving');
    expect(await source.findRelease('moving')).toBeNull();
  });

  it('lists what is there after every change of a tag, however git keeps it', async () => {
    const source = createGitReleaseSource(folder, log);
    const state = createTagState(folder);
    const settled = () => vi.waitFor(async () => expect(await state()).not.toBeNull());
    const changes: string[][] = [
      ['tag', 'next', sha.one as string],
      ['tag', '--force', 'next', sha.two as string],
      ['tag', 'deep/er/next', sha.one as string],
      ['pack-refs', '--all'],
      ['tag', '--force', 'next', sha.one as string],
      ['tag', '--delete', 'next'],
      ['pack-refs', '--all'],
      ['tag', '--delete', 'deep/er/next'],
    ];
    for (const change of changes) {
      await settled();
      const before = await state();
      expect(await state()).toBe(before);
      expect(await source.listReleases()).toEqual(await createGitReleaseSource(folder, log).listReleases());
      await git(...change);
      expect(await source.listReleases(), change.join(' ')).toEqual(
        await createGitReleaseSource(folder, log).listReleases(),
      );
      await settled();
      expect(await state(), change.join(' ')).not.toBe(before);
    }
  });

  it('reads no name as an option, a pattern or a path', async () => {
    const source = createGitReleaseSource(folder, log);
    for (const name of [
      '--all',
      '-x',
      'v*',
      'v[12].0.0',
      '../heads/main',
      'a..b',
      'a/../b',
      'v1.9.0\n',
      'x.lock',
      'v1/',
      '',
      'a//b',
    ]) {
      expect(isTagName(name), name).toBe(false);
      expect(await source.findRelease(name), name).toBeNull();
    }
    expect(['v1.2.3', 'release/2026-01', '2.0.0+build.5', 'shop_v1'].every(isTagName)).toBe(true);
    await expect(source.commitsBetween(null, '--output=/tmp/x', 5)).rejects.toThrow('Not a commit id');
  });

  it('lists the commits that are new, counts all, and does without a start that git does not have', async () => {
    const source = createGitReleaseSource(folder, log);
    const [one, two] = [sha.one as string, sha.two as string];
    expect(await source.commitsBetween(one, two, 10)).toEqual({
      total: 1,
      commits: [
        {
          sha: two,
          title: 'Prices, "quoted" – and ünïcode',
          author: 'Ada "A" L',
          at: new Date('2026-01-01T02:00:00Z'),
        },
      ],
    });
    expect(await source.commitsBetween(two, one, 10)).toEqual({ total: 0, commits: [] });
    expect(await source.commitsBetween(null, two, 1)).toMatchObject({ total: 2, commits: [{ sha: two }] });
    expect(await source.commitsBetween('0'.repeat(40), two, 10)).toMatchObject({ total: 2 });
  });

  it('says when there is no repository', async () => {
    const source = createGitReleaseSource(join(folder, 'nowhere'), log);
    await expect(source.listReleases()).rejects.toMatchObject({ kind: 'unavailable' });
  });
});
