import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, stop } from 'esbuild';
import stringify from 'safe-stable-stringify';
import { EnvError } from '#server/platform/env';
import { messageOf } from '#server/platform/errors';
import { opsConfigSchema } from '#server/services/config';
import type { LoadedConfig } from '#server/services/queries';

/**
 * Reads the configuration file, which is code, and validates what it exports.
 * @param path `ops.config.ts` or another file, relative to the working directory
 * @throws EnvError naming the file, every bad key and what is wrong with it
 */
export async function loadConfig(path: string): Promise<LoadedConfig> {
  const file = resolve(path);
  if (!existsSync(file)) throw new EnvError(`OPS_CONFIG: there is no file ${path}. Nothing was started.`);
  const exported = await importConfig(file, path);
  const parsed = opsConfigSchema.safeParse(exported);
  if (!parsed.success) {
    const lines = parsed.error.issues.map(
      (issue) => `  ${issue.path.join('.') || '(whole file)'}: ${issue.message}`,
    );
    throw new EnvError(`${path} cannot be used:\n${lines.join('\n')}\nNothing was started.`);
  }
  const config = parsed.data;
  return { config, file, hash: createHash('sha256').update(stringify(config)).digest('hex') };
}

async function importConfig(file: string, path: string): Promise<unknown> {
  // Beside the file, so that its packages are found; under a name of this process, so that two may load it at once.
  const compiled = join(dirname(file), `.ops-config-${process.pid}-${Date.now()}.mjs`);
  try {
    await build({
      entryPoints: [file],
      outfile: compiled,
      bundle: true,
      packages: 'external',
      platform: 'node',
      format: 'esm',
      target: 'node20',
      logLevel: 'silent',
    });
    const module = (await import(pathToFileURL(compiled).href)) as { default?: unknown };
    return module.default;
  } catch (error) {
    throw new EnvError(`${path} cannot be loaded: ${messageOf(error)}. Nothing was started.`);
  } finally {
    await rm(compiled, { force: true });
    // Its service process would otherwise stay for the life of this one.
    await stop();
  }
}
