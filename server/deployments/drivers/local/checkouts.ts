import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, symlinkSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import type { DeployTarget } from '#server/deployments/drivers/driver';
import {
  type Layout,
  randomSuffix,
  readJson,
  releaseFolderName,
  writeJson,
} from '#server/deployments/drivers/local/layout';
import type { LocalEnvironment } from '#server/deployments/drivers/local/settings';
import { parseManifest, type ReleaseManifest } from '#server/deployments/drivers/release-manifest';
import { messageOf } from '#server/platform/errors';
import { COMMIT_SHA, GIT_ENV, GIT_OPTIONS, isTagName } from '#server/platform/git';
import { StepFailure, type StepIo } from '#server/runs/procedure';

const EXPORT_TIMEOUT_MS = 120_000;

const preparedSchema = z.object({ tag: z.string(), commitSha: z.string(), fencingToken: z.string() });

/**
 * The files of releases. Each release has a folder with
 * - `app-<key>`: what is built and run; nothing else writes there, so that what serves and what a rollback returns to
 *   stays as it was built. The key changes with the settings that shape a build;
 * - `app-<key>.built`: written after a build succeeded;
 * - `checks-<run>`: a fresh copy for the commands of one run's checklist;
 * - `prepared.json`: who it is and the last claim that needed it.
 * Copies appear complete or not at all.
 */
export function createCheckouts(environment: LocalEnvironment, layout: Layout) {
  const folderOf = (release: DeployTarget) => path.join(layout.releases, releaseFolderName(release));
  const appOf = (release: DeployTarget) => path.join(folderOf(release), `app-${environment.buildKey}`);
  const stampOf = (release: DeployTarget) => `${appOf(release)}.built`;

  /** Exports the commit to `target` unless it is there. @throws StepFailure when git cannot */
  async function materialise(io: StepIo, release: DeployTarget, target: string): Promise<void> {
    if (existsSync(target)) return;
    const next = path.join(layout.releases, `.next-${io.fencingToken}-${randomSuffix()}`);
    const files = path.join(next, 'files');
    mkdirSync(files, { recursive: true, mode: 0o700 });
    try {
      const { exitCode } = await io.exec({
        command: [
          'git',
          ...GIT_OPTIONS,
          '-C',
          environment.repository,
          `--work-tree=${files}`,
          'read-tree',
          '-u',
          '--reset',
          release.commitSha,
        ],
        cwd: layout.directory,
        env: { ...GIT_ENV, GIT_INDEX_FILE: path.join(next, 'index') },
        timeoutMs: EXPORT_TIMEOUT_MS,
      });
      if (exitCode !== 0) {
        throw new StepFailure(
          `Git could not check out ${release.tag} (${release.commitSha.slice(0, 12)}). Is it still in the repository?`,
          { exitCode },
        );
      }
      const modules = path.join(files, 'node_modules');
      if (environment.nodeModules && !existsSync(modules))
        symlinkSync(environment.nodeModules, modules, 'dir');
      mkdirSync(path.dirname(target), { recursive: true, mode: 0o700 });
      publish(files, target);
    } finally {
      await rm(next, { recursive: true, force: true });
    }
  }

  return {
    appOf,

    /** @throws StepFailure when the release cannot be checked out */
    async prepare(io: StepIo, release: DeployTarget): Promise<void> {
      if (!isTagName(release.tag) || !COMMIT_SHA.test(release.commitSha)) {
        throw new StepFailure(`${release.tag} at ${release.commitSha} is no release. Nothing was changed.`);
      }
      const folder = folderOf(release);
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      writeJson(path.join(folder, 'prepared.json'), {
        tag: release.tag,
        commitSha: release.commitSha,
        fencingToken: io.fencingToken,
      });
      if (existsSync(appOf(release))) io.log(`${release.tag} is in place already`);
      try {
        await materialise(io, release, appOf(release));
      } finally {
        // A release that never came to be leaves no folder that looks like one.
        if (!readdirSync(folder).some((name) => name.startsWith('app-')))
          await rm(folder, { recursive: true });
      }
    },

    /** A copy for the checklist of this run. @returns its path */
    async forChecks(io: StepIo, release: DeployTarget): Promise<string> {
      const folder = folderOf(release);
      const target = path.join(folder, `checks-${io.runId}`);
      if (!existsSync(target)) {
        mkdirSync(folder, { recursive: true, mode: 0o700 });
        for (const name of readdirSync(folder)) {
          if (name.startsWith('checks-')) await rm(path.join(folder, name), { recursive: true, force: true });
        }
        await materialise(io, release, target);
      }
      return target;
    },

    isBuilt: (release: DeployTarget) => existsSync(stampOf(release)) && existsSync(appOf(release)),

    markBuilt(release: DeployTarget): void {
      writeJson(stampOf(release), { at: new Date().toISOString() }, { durable: true });
    },

    /** Removes what is neither to be kept nor prepared by a later claim, and remains of crashes. @returns the tags removed */
    async prune(io: StepIo, keep: readonly DeployTarget[]): Promise<string[]> {
      const kept = new Set(keep.map(releaseFolderName));
      const removed: string[] = [];
      for (const name of readdirSync(layout.releases)) {
        const folder = path.join(layout.releases, name);
        if (name.startsWith('.')) {
          const [, kind, token = ''] = /^\.(next|trash)-([\d.]+)-/.exec(name) ?? [];
          if (kind !== 'next' || token < io.fencingToken) await rm(folder, { recursive: true, force: true });
          continue;
        }
        const prepared = readJson(path.join(folder, 'prepared.json'), preparedSchema);
        if (kept.has(name) || (prepared && prepared.fencingToken > io.fencingToken)) continue;
        // Out of sight at once, so that a crash leaves no half of a release under its name.
        const trash = path.join(layout.releases, `.trash-${io.fencingToken}-${randomSuffix()}`);
        renameSync(folder, trash);
        await rm(trash, { recursive: true, force: true });
        removed.push(prepared?.tag ?? name);
      }
      return removed;
    },
  };
}

export type Checkouts = ReturnType<typeof createCheckouts>;

/** What `release.json` in these files says. @throws StepFailure when it cannot be used */
export function readManifest(appFolder: string, tag: string): ReleaseManifest {
  let text: string;
  try {
    text = readFileSync(path.join(appFolder, 'release.json'), 'utf8');
  } catch (error) {
    throw new StepFailure(`${tag} cannot be started: ${messageOf(error)}`);
  }
  const result = parseManifest(text);
  if ('manifest' in result) return result.manifest;
  throw new StepFailure(`${tag} cannot be started: ${result.problem}`);
}

/** Moves a complete copy to its place; one that another attempt has put there first is as good. */
function publish(files: string, target: string): void {
  try {
    renameSync(files, target);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : '';
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
  }
}
