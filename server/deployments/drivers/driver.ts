import { defineToken } from '#server/platform/context';
import type { StepIo } from '#server/runs/procedure';

/** A release as its repository describes it. */
export interface SourceRelease {
  tag: string;
  commitSha: string;
  /** First line of the commit message. */
  title: string;
  committedAt: Date;
  schemaVersion: number;
  oldestCompatibleSchemaVersion: number;
}

export interface SourceCommit {
  sha: string;
  title: string;
  author: string;
  at: Date;
}

/** Where releases come from: the tags of a git repository. Reads only; history is never rewritten. */
export interface ReleaseSource {
  /** Newest first. @throws AppError `unavailable` when the repository cannot be read */
  listReleases(): Promise<SourceRelease[]>;
  /** @returns null when the tag is gone or points elsewhere than it can be read */
  findRelease(tag: string): Promise<SourceRelease | null>;
  /** Commits of `toSha` that `fromSha` lacks, newest first, at most `limit`; `total` counts all. */
  commitsBetween(
    fromSha: string | null,
    toSha: string,
    limit: number,
  ): Promise<{ commits: SourceCommit[]; total: number }>;
}

export interface DeployTarget {
  tag: string;
  commitSha: string;
}

/** How long a command may take in all, and say nothing, ms. */
export interface CommandLimits {
  timeoutMs: number;
  inactivityTimeoutMs?: number;
}

/** What visitors reach, as the outside world says, not as the records say. */
export interface Observed {
  live: { tag: string; commitSha: string; instanceId: string } | null;
  /** Instances that run, live or not. */
  instances: { instanceId: string; tag: string; pid: number }[];
}

/**
 * How releases reach visitors, in the order of the calls. Each call may be repeated after a crash (same arguments, same
 * `io.externalRef`) and then finishes what was begun instead of beginning again. The release that serves keeps serving
 * until `switchTo`. Failures are thrown as StepFailure with words for people.
 */
export interface DeployDriver {
  readonly id: string;
  readonly source: ReleaseSource;
  observe(): Promise<Observed>;
  /**
   * Brings back what should serve, after the machine or the example was restarted: adopts what lives, starts what does
   * not. Harmless beside a run. Does nothing where others look after that.
   */
  resume(): Promise<void>;
  /** Brings the release's files into place; nothing of it runs yet. */
  prepare(io: StepIo, release: DeployTarget): Promise<void>;
  /** Runs one line of shell in the release's checkout with the environment's settings. @returns its exit code */
  runCommand(io: StepIo, release: DeployTarget, line: string, limits: CommandLimits): Promise<number>;
  /** The migrations that the release has and the database lacks; empty when there is nothing to do. */
  pendingMigrations(io: StepIo, release: DeployTarget): Promise<string[]>;
  migrate(io: StepIo, release: DeployTarget): Promise<void>;
  build(io: StepIo, release: DeployTarget): Promise<void>;
  /** Starts the release beside the one that serves. @returns where to ask it for its health */
  start(io: StepIo, release: DeployTarget): Promise<{ instanceId: string; url: string }>;
  /** Tells a gate whether waiting still makes sense. @throws StepFailure when the instance has ended; its last words are in the run's log */
  assertRunning(io: StepIo, instanceId: string): Promise<void>;
  /** Lets visitors reach the instance. Atomic; refused with StepFailure when a higher fencing token has switched before. */
  switchTo(io: StepIo, instanceId: string): Promise<void>;
  /** Lets the instances that no longer serve finish their requests and ends them. @returns how many were ended */
  retire(io: StepIo): Promise<number>;
  /** Removes checkouts of releases not in `keep` that nothing runs from. @returns the tags removed */
  prune(io: StepIo, keep: readonly DeployTarget[]): Promise<string[]>;
}

/** The driver of an environment. */
export const DRIVERS = defineToken<(service: string, environment: string) => DeployDriver>('deploy drivers');
