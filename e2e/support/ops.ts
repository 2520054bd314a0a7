import { type ChildProcess, spawn } from 'node:child_process';
import type { Role } from '#server/auth/contract';
import { DEMO_PEOPLE } from '#server/auth/demo';
import { ROOT } from './console';

/** One call of the real command line, with its output in a pipe. */
export interface OpsCall {
  process: ChildProcess;
  stdout(): string;
  stderr(): string;
  /** Resolves once standard output has the text. @throws Error with all output when the call ends first */
  said(pattern: RegExp): Promise<void>;
  ended: Promise<{ code: number | null; stdout: string; stderr: string }>;
}

/** Of whoever runs the tests, what must not decide how `ops` behaves. */
const OWN_SETTINGS = /^(OPS_|DATABASE_|SHOP_|NO_COLOR$|FORCE_COLOR$|PUBLIC_URL$|XDG_CONFIG_HOME$)/;

/**
 * Runs `ops <words>` as a person does, from the project's folder. `env` is all that it knows of the console.
 * @param words parted at their blanks; a list where one of them has blanks
 */
export function startOps(words: string | readonly string[], env: Record<string, string>): OpsCall {
  const argv = typeof words === 'string' ? words.split(' ').filter(Boolean) : words;
  const inherited = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !OWN_SETTINGS.test(name)),
  );
  const child = spawn(process.execPath, ['server/cli/ops.mjs', ...argv], {
    cwd: ROOT,
    // Nobody's stored token is there.
    env: {
      ...inherited,
      XDG_CONFIG_HOME: `${process.env.E2E_DATA_DIR}/no-credentials`,
      ...env,
    } as unknown as NodeJS.ProcessEnv,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  const waiting = new Set<() => void>();
  const check = () => {
    for (const each of waiting) each();
  };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    check();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      resolve({ code, stdout, stderr });
      check();
    });
  });
  const said = (pattern: RegExp) =>
    new Promise<void>((resolve, reject) => {
      const look = () => {
        const isSaid = pattern.test(stdout);
        if (!isSaid && child.exitCode === null) return;
        waiting.delete(look);
        if (isSaid) resolve();
        else reject(new Error(`ops ${argv.join(' ')} never said ${pattern}:\n${stdout}\n${stderr}`));
      };
      waiting.add(look);
      look();
    });
  return { process: child, stdout: () => stdout, stderr: () => stderr, said, ended };
}

/** The same until it has ended. */
export function ops(words: string | readonly string[], env: Record<string, string>) {
  return startOps(words, env).ended;
}

/** A token of the demo person of a role, with all that they may do. */
export async function tokenOf(role: Role, origin: string): Promise<string> {
  const person = DEMO_PEOPLE.find((known) => known.role === role);
  const response = await fetch(`${origin}/api/v1/login`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ email: person?.email, password: person?.password, name: 'End-to-end test' }),
  });
  const { secret } = (await response.json()) as { secret?: string };
  if (!secret) throw new Error(`${role} got no token: status ${response.status}`);
  return secret;
}
