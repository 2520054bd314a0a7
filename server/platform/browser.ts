import { accessSync, constants, existsSync } from 'node:fs';
import path from 'node:path';

export interface Browser {
  /** The executable. */
  path: string;
  /** Where it comes from, for messages. */
  source: 'CHROME_PATH' | 'system' | 'playwright' | 'package';
  /** Arguments that it needs here: root may not use the sandbox, and a closed network should not be asked for updates. */
  args: string[];
}

const SYSTEM_NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];
const SYSTEM_PATHS = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];
const QUIET = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** In one process Chromium sends the cookies of one browser context with the requests of another. */
const ONE_PROCESS = ['--single-process', '--no-zygote'];

/**
 * Finds a Chromium or Chrome: the one that CHROME_PATH names, the system's, Playwright's own, the one inside the package
 * `@sparticuz/chromium` (unpacked on first use). Null when there is none.
 * @throws Error when CHROME_PATH names no executable
 */
export async function findBrowser(
  env: Record<string, string | undefined> = process.env,
): Promise<Browser | null> {
  if (env.CHROME_PATH) {
    if (!isExecutable(env.CHROME_PATH))
      throw new Error(`CHROME_PATH: ${env.CHROME_PATH} is no executable file`);
    return browserAt(env.CHROME_PATH, 'CHROME_PATH');
  }
  const folders = (env.PATH ?? '').split(path.delimiter).filter((folder) => folder !== '');
  const candidates = folders.flatMap((folder) => SYSTEM_NAMES.map((name) => path.join(folder, name)));
  const system = [...candidates, ...SYSTEM_PATHS].find(isExecutable);
  if (system) return browserAt(system, 'system');
  return (await playwrightBrowser()) ?? (await packagedBrowser());
}

async function playwrightBrowser(): Promise<Browser | null> {
  const playwright = await optional(() => import('playwright'));
  const file = playwright?.chromium.executablePath();
  return file && existsSync(file) ? browserAt(file, 'playwright') : null;
}

async function packagedBrowser(): Promise<Browser | null> {
  if (process.platform !== 'linux' || process.arch !== 'x64') return null;
  const packaged = await optional(() => import('@sparticuz/chromium'));
  if (!packaged) return null;
  const file = await packaged.default.executablePath();
  const args = packaged.default.args.filter((arg) => !ONE_PROCESS.includes(arg));
  return { ...browserAt(file, 'package'), args: [...args, ...QUIET] };
}

function browserAt(file: string, source: Browser['source']): Browser {
  return { path: file, source, args: process.getuid?.() === 0 ? ['--no-sandbox', ...QUIET] : QUIET };
}

/** Null when the package is not installed: both are needed for development only. */
async function optional<T>(load: () => Promise<T>): Promise<T | null> {
  try {
    return await load();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND') return null;
    throw error;
  }
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
