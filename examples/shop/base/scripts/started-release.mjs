import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const startMs = 10_000;

/**
 * Starts the built release on a free port, with the settings of scripts/ci-environment.json.
 * @param {string} databaseUrl
 * @returns {Promise<{ url: string, stop: () => Promise<void> }>}
 * @throws {Error} when it ends or does not listen within 10 s, with what it said
 */
export async function startRelease(databaseUrl) {
  const [command, ...args] = /** @type {string[]} */ (readJson('release.json').start);
  if (!command) throw new Error('release.json names no start command');
  const env = { ...process.env, ...readJson('scripts/ci-environment.json'), DATABASE_URL: databaseUrl };
  // What operators have switched in the environment is no property of the release that is looked at.
  env.OPS_CONTROL_TOKEN = '';
  const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise((resolve) => child.once('close', resolve));
  let said = '';
  child.stderr.on('data', (chunk) => {
    said = `${said}${chunk}`.slice(-4000);
  });
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
    await ended;
  };
  const port = await new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`it did not listen within ${startMs} ms`)), startMs);
    child.once('error', reject);
    child.once('close', (code) => reject(new Error(`it ended with ${code}: ${said.trim()}`)));
    createInterface(child.stdout).on('line', (line) => {
      const entry = parseLine(line);
      if (entry?.msg !== 'listening') return;
      clearTimeout(timer);
      resolve(entry.port);
    });
  }).catch(async (error) => {
    await stop();
    throw new Error(`the release did not start: ${error.message}`);
  });
  return { url: `http://127.0.0.1:${port}/`, stop };
}

/** @param {string} line */
function parseLine(line) {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

/** @param {string} file */
function readJson(file) {
  return JSON.parse(readFileSync(file, 'utf8'));
}
