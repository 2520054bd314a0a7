import path from 'node:path';
import { type CheckoutSettings, fingerprint } from '#server/deployments/drivers/checkouts';
import type { DriverLimits } from '#server/deployments/drivers/driver';
import { plainEnv, type ShellSettings, shellSettings } from '#server/deployments/drivers/shell';
import type { EnvironmentOf } from '#server/services/config';

/** The commands of a configuration, by what they are for. */
export type CommandName = keyof EnvironmentOf<'command'>['deploy']['steps'];

/** An environment that people's own commands deploy to, with absolute paths and nothing left to look up. */
export interface CommandEnvironment extends CheckoutSettings, ShellSettings {
  /** Where visitors go. */
  url: string;
  lines: EnvironmentOf<'command'>['deploy']['steps'];
  /** Longest that each command may take, ms. */
  timeouts: Record<CommandName, number>;
  /** A command that says nothing for this long hangs. */
  silenceMs: number;
  limits: DriverLimits;
}

const OBSERVE_MS = 15_000;
const IS_RUNNING_MS = 10_000;
const SWITCH_MS = 60_000;
const SWITCH_ALL_MS = 600_000;
/** Between the end of a command's time and the end of its step's: a step never ends before its command was ended. */
const MARGIN_MS = 15_000;
/** Making and removing checkouts. */
const FILES_MS = 60_000;
/** Validation, and what lies between the steps. */
const DEPLOY_MARGIN_MS = 60_000;

/** Reads the settings of an environment; relative paths start at the working directory, as in the configuration. */
export function commandEnvironment(config: EnvironmentOf<'command'>): CommandEnvironment {
  const { deploy, health } = config;
  const { steps, timeouts: seconds } = deploy;
  const timeouts = {
    prepare: seconds.prepareSeconds * 1_000,
    build: seconds.buildSeconds * 1_000,
    pendingMigrations: seconds.migrateSeconds * 1_000,
    migrate: seconds.migrateSeconds * 1_000,
    start: seconds.startSeconds * 1_000,
    isRunning: IS_RUNNING_MS,
    switch: seconds.switchSeconds ? seconds.switchSeconds * 1_000 : steps.start ? SWITCH_MS : SWITCH_ALL_MS,
    retire: seconds.retireSeconds * 1_000,
    prune: seconds.retireSeconds * 1_000,
    observe: OBSERVE_MS,
    resume: seconds.startSeconds * 1_000,
  };
  const sum = (...names: CommandName[]) =>
    names.reduce((total, name) => total + (steps[name] ? timeouts[name] : 0), 0);
  const parts = {
    prepareMs: FILES_MS + sum('prepare') + MARGIN_MS,
    migrateMs: sum('pendingMigrations', 'migrate') + MARGIN_MS,
    buildMs: sum('build') + MARGIN_MS,
    startMs: sum('start', 'isRunning') + MARGIN_MS,
    switchMs: sum('isRunning', 'observe', 'switch', 'observe') + MARGIN_MS,
    retireMs: sum('observe', 'retire', 'prune') + FILES_MS,
  };
  return {
    repository: path.resolve(deploy.repository),
    directory: path.resolve(deploy.directory),
    nodeModules: null,
    buildKey: fingerprint([steps.prepare ?? null, steps.build ?? null, plainEnv(deploy), process.version]),
    ...shellSettings(deploy),
    url: config.url,
    lines: steps,
    timeouts,
    silenceMs: seconds.silenceSeconds * 1_000,
    limits: {
      ...parts,
      deployMs:
        Object.values(parts).reduce((total, ms) => total + ms, 0) +
        health.deadlineSeconds * 1_000 +
        DEPLOY_MARGIN_MS,
    },
  };
}
