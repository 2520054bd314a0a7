import { defineToken } from '#server/platform/context';
import { StepFailure, type StepIo } from '#server/runs/procedure';

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

/** Longest that the parts of a deploy may take, ms: the steps of a run are given as much. */
export interface DriverLimits {
  prepareMs: number;
  migrateMs: number;
  buildMs: number;
  startMs: number;
  switchMs: number;
  /** Both `retire` and `prune`. */
  retireMs: number;
  /** Everything of a deploy but its checklist and the time for which its validation is held. */
  deployMs: number;
}

/** What visitors reach, as the outside world says, not as the records say. */
export interface Observed {
  live: { tag: string; commitSha: string; instanceId: string } | null;
  /** Instances that run, live or not; `pid` where they are processes of this machine. */
  instances: { instanceId: string; tag: string; pid?: number }[];
}

/** The switch failed and nobody can tell from here which release visitors reach: a person must look. */
export class SwitchUncertain extends StepFailure {
  constructor(message: string, exitCode?: number) {
    super(message, { needsAttention: true, exitCode });
  }
}

/**
 * How releases reach visitors, in the order of the calls. Each call may be repeated after a crash (same arguments, same
 * `io.externalRef`) and then finishes what was begun instead of beginning again. The release that serves keeps serving
 * until `switchTo`. Failures are thrown as StepFailure with words for people.
 */
export interface DeployDriver {
  readonly id: string;
  readonly source: ReleaseSource;
  /**
   * Where the health gate is: `before-switch`, asked of the started instance while visitors are on the old one; or
   * `after-switch`, where one command starts the release and lets visitors in, so that nothing can be asked before.
   */
  readonly gates: 'before-switch' | 'after-switch';
  readonly limits: DriverLimits;
  /** The command lines that a plan shows beside its steps, without secrets. */
  readonly commandLines?: Partial<
    Record<'prepare' | 'migrate' | 'build' | 'start' | 'switch' | 'retire', string>
  >;
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
  /**
   * Starts the release beside the one that serves. Where the gate is after the switch it starts nothing.
   * @returns where to ask for its health
   */
  start(io: StepIo, release: DeployTarget): Promise<{ instanceId: string; url: string }>;
  /** Tells a gate whether waiting still makes sense. @throws StepFailure when the instance has ended; its last words are in the run's log */
  assertRunning(io: StepIo, instanceId: string): Promise<void>;
  /**
   * Lets visitors reach the instance. Atomic; refused with StepFailure when a higher fencing token has switched before.
   * @throws SwitchUncertain when it failed and visitors may be on either release
   */
  switchTo(io: StepIo, instanceId: string): Promise<void>;
  /** Lets the instances that no longer serve finish their requests and ends them. @returns how many were ended */
  retire(io: StepIo): Promise<number>;
  /** Removes checkouts of releases not in `keep` that nothing runs from. @returns the tags removed */
  prune(io: StepIo, keep: readonly DeployTarget[]): Promise<string[]>;
}

/** The driver of an environment. */
export const DRIVERS = defineToken<(service: string, environment: string) => DeployDriver>('deploy drivers');
