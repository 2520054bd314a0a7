import { execFile } from 'node:child_process';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { PROJECT_ROOT } from '#server/platform/project-root';

/** Brings the compiled server up to date: real processes run that, not the sources. */
export async function buildServer(): Promise<void> {
  const script = pathToFileURL(path.join(PROJECT_ROOT, 'server/cli/build.mjs')).href;
  const program = `const { buildStale } = await import(${JSON.stringify(script)}); await buildStale({ only: ['generate', 'server'] });`;
  await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: PROJECT_ROOT,
  });
}
