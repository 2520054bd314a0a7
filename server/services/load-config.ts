import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import stringify from 'safe-stable-stringify';
import { EnvError } from '#server/platform/env';
import { messageOf } from '#server/platform/errors';
import { type OpsConfig, opsConfigSchema } from '#server/services/config';
import type { ConfigurationFault } from '#server/services/contract';
import { evaluateConfig } from '#server/services/evaluate-config';

export interface LoadedConfig {
  config: OpsConfig;
  /** SHA-256 of the configuration after defaults, hex: frozen into each run. */
  hash: string;
  /** The file it came from. */
  file: string;
}

/** What reading a configuration file came to. */
export type ConfigReading =
  | { state: 'usable'; loaded: LoadedConfig }
  | { state: 'missing' | 'unreadable' | 'invalid'; faults: ConfigurationFault[] };

/**
 * Reads the configuration file, which is code, and validates what it exports. Never throws: what is wrong with the file
 * is in the answer.
 * @param path `ops.config.ts` or another file, relative to the working directory
 */
export async function readConfig(path: string): Promise<ConfigReading> {
  const file = resolve(path);
  if (!existsSync(file)) {
    return { state: 'missing', faults: [{ key: null, message: `There is no file ${path}.` }] };
  }
  const evaluated = await evaluateConfig(file).then(
    (exported) => ({ exported }),
    (error: unknown) => ({ reason: messageOf(error) }),
  );
  if ('reason' in evaluated) {
    return { state: 'unreadable', faults: [{ key: null, message: evaluated.reason }] };
  }
  const parsed = opsConfigSchema.safeParse(evaluated.exported);
  if (!parsed.success) {
    const faults = parsed.error.issues.map(({ path: keys, message }) => ({
      key: keys.join('.') || null,
      message,
    }));
    return { state: 'invalid', faults };
  }
  const config = parsed.data;
  const hash = createHash('sha256').update(stringify(config)).digest('hex');
  return { state: 'usable', loaded: { config, file, hash } };
}

/**
 * The configuration that a process starts with; see {@link readConfig}.
 * @throws EnvError naming the file, every bad key and what is wrong with it
 */
export async function loadConfig(path: string): Promise<LoadedConfig> {
  const reading = await readConfig(path);
  if (reading.state === 'usable') return reading.loaded;
  const [first] = reading.faults;
  if (reading.state === 'missing') {
    throw new EnvError(`OPS_CONFIG: there is no file ${path}. Nothing was started.`);
  }
  if (reading.state === 'unreadable') {
    throw new EnvError(`${path} cannot be loaded: ${first?.message}. Nothing was started.`);
  }
  const lines = reading.faults.map(({ key, message }) => `  ${key ?? '(whole file)'}: ${message}`);
  throw new EnvError(`${path} cannot be used:\n${lines.join('\n')}\nNothing was started.`);
}
