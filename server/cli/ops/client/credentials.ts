import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { usageFailure } from '#server/cli/ops/failure';
import { messageOf } from '#server/platform/errors';

/** A token that `ops login` made, with what is needed to revoke it and to say whose it is. */
export interface Credential {
  token: string;
  tokenId: string;
  email: string;
  /** ISO 8601, UTC */
  expiresAt: string;
}

/** Where `ops login` keeps tokens: one file of the person's own, by the console's address. */
export class Credentials {
  readonly file: string;

  constructor(env: Record<string, string | undefined>) {
    const folder = env.XDG_CONFIG_HOME || path.join(env.HOME || homedir(), '.config');
    this.file = path.join(folder, 'herbisveritas-ops', 'credentials.json');
  }

  /** True when others than its owner may read or write the file. */
  get isOpenToOthers(): boolean {
    if (process.platform === 'win32' || !existsSync(this.file)) return false;
    return (statSync(this.file).mode & 0o077) !== 0;
  }

  /** @throws OpsFailure `usage` for a file that cannot be read */
  find(url: string): Credential | null {
    return this.#read()[url] ?? null;
  }

  keep(url: string, credential: Credential): void {
    this.#write({ ...this.#read(), [url]: credential });
  }

  /** True when there was one. */
  forget(url: string): boolean {
    const all = this.#read();
    if (!(url in all)) return false;
    delete all[url];
    this.#write(all);
    return true;
  }

  #read(): Record<string, Credential> {
    if (!existsSync(this.file)) return {};
    try {
      const all = JSON.parse(readFileSync(this.file, 'utf8')) as unknown;
      if (typeof all === 'object' && all !== null && !Array.isArray(all)) {
        return all as Record<string, Credential>;
      }
    } catch (error) {
      throw usageFailure(
        `${this.file} cannot be read: ${messageOf(error)}`,
        'Correct it, or delete it and log in again.',
      );
    }
    throw usageFailure(`${this.file} is damaged.`, 'Delete it and log in again.');
  }

  /** In one step, so that an interrupted write loses nothing; readable by its owner only from the first byte. */
  #write(all: Record<string, Credential>): void {
    mkdirSync(path.dirname(this.file), { recursive: true, mode: 0o700 });
    const draft = `${this.file}.${randomUUID()}`;
    writeFileSync(draft, `${JSON.stringify(all, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
    renameSync(draft, this.file);
  }
}
