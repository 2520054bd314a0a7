import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, symlinkSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import type { DeployTarget } from '#server/deployments/drivers/driver';
import { randomSuffix, readJson, writeJson } from '#server/deployments/drivers/files';
import { parseManifest, type ReleaseManifest } from '#server/deployments/drivers/release-manifest';
import { messageOf } from '#server/platform/errors';
import { COMMIT_SHA, GIT_ENV, GIT_OPTIONS, isTagName } from '#server/platform/git';
import { StepFailure, type StepIo } from '#server/runs/procedure';

const EXPORT_TIMEOUT_MS = 120_000;

const preparedSchema = z.object({ tag: z.string(), commitSha: z.string(), fencingToken: z.string() });

/** Where releases come from and lie. */
export interface CheckoutSettings {
  repository: string;
  directory: string;
  /** Put into each copy as `node_modules`. */
  nodeModules: string | null;
  /** Differs when a build of the same commit may come out different. */
  buildKey: string;
}

/**
 * The files of releases, in `<directory>/releases`. Each release has a folder with
 * - `app-<key>`: what is built and run; nothing else writes there, so that what serves and what a rollback returns to
 *   stays as it was built. The key changes with the settings that shape a build;
 * - `checks-<run>`: a fresh copy for the commands of one run's checklist;
 * - `<copy>.<stage>`: written after that stage of making the copy ready has succeeded;
 * - `prepared.json`: who it is and the last claim that needed it.
 * Copies appear complete or not at all.
 */
export function createCheckouts(settings: CheckoutSettings) {
  const releases = path.join(settings.directory, 'releases');
  const folderOf = (release: DeployTarget) => path.join(releases, releaseFolderName(release));
  const appOf = (release: DeployTarget) => path.join(folderOf(release), `app-${settings.buildKey}`);
  const makeFolder = (folder: string) => mkdirSync(folder, { recursive: true, mode: 0o700 });

  /** Exports the commit to `target` unless it is there. @throws StepFailure when git cannot */
  async function materialise(io: StepIo, release: DeployTarget, target: string): Promise<void> {
    if (existsSync(target)) return;
    const next = path.join(releases, `.next-${io.fencingToken}-${randomSuffix()}`);
    const files = path.join(next, 'files');
    makeFolder(files);
    try {
      const { exitCode } = await io.exec({
        command: [
          'git',
          ...GIT_OPTIONS,
          '-C',
          settings.repository,
          `--work-tree=${files}`,
          'read-tree',
          '-u',
          '--reset',
          release.commitSha,
        ],
        cwd: settings.directory,
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
      if (settings.nodeModules && !existsSync(modules)) symlinkSync(settings.nodeModules, modules, 'dir');
      makeFolder(path.dirname(target));
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
      makeFolder(folder);
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
        makeFolder(folder);
        for (const name of readdirSync(folder)) {
          if (name.startsWith('checks-')) await rm(path.join(folder, name), { recursive: true, force: true });
        }
        await materialise(io, release, target);
      }
      return target;
    },

    /** Whether a stage of making this copy ready has succeeded. */
    isDone: (copy: string, stage: Stage) => existsSync(`${copy}.${stage}`) && existsSync(copy),

    markDone(copy: string, stage: Stage): void {
      writeJson(`${copy}.${stage}`, { at: new Date().toISOString() }, { durable: true });
    },

    /** @returns a copy of the release, preferably as today's settings make it; null when there is none */
    find(release: DeployTarget): string | null {
      const folder = folderOf(release);
      const names = existsSync(folder) ? readdirSync(folder) : [];
      const copies = names.filter((name) => name.startsWith('app-')).map((name) => path.join(folder, name));
      return (
        [appOf(release), ...copies].find((copy) => copies.includes(copy) && statSync(copy).isDirectory()) ??
        null
      );
    },

    /** Removes what is neither to be kept nor prepared by a later claim, and remains of crashes. @returns the tags removed */
    async prune(io: StepIo, keep: readonly DeployTarget[]): Promise<string[]> {
      const kept = new Set(keep.map(releaseFolderName));
      const removed: string[] = [];
      makeFolder(releases);
      for (const name of readdirSync(releases)) {
        const folder = path.join(releases, name);
        if (name.startsWith('.')) {
          const [, kind, token = ''] = /^\.(next|trash)-([\d.]+)-/.exec(name) ?? [];
          if (kind !== 'next' || token < io.fencingToken) await rm(folder, { recursive: true, force: true });
          continue;
        }
        const prepared = readJson(path.join(folder, 'prepared.json'), preparedSchema);
        if (kept.has(name) || (prepared && prepared.fencingToken > io.fencingToken)) continue;
        // Out of sight at once, so that a crash leaves no half of a release under its name.
        const trash = path.join(releases, `.trash-${io.fencingToken}-${randomSuffix()}`);
        renameSync(folder, trash);
        await rm(trash, { recursive: true, force: true });
        removed.push(prepared?.tag ?? name);
      }
      return removed;
    },
  };
}

export type Checkouts = ReturnType<typeof createCheckouts>;

type Stage = 'prepared' | 'built';

/** A short text that differs when the value does. */
export function fingerprint(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 10);
}

/** A name for a folder that tells the release and cannot leave its parent: git allows no `~` in a tag. */
export function releaseFolderName(release: DeployTarget): string {
  return `${release.tag.replaceAll('/', '~')}-${release.commitSha.slice(0, 12)}`;
}

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
