import { createWriteStream, existsSync, mkdirSync, renameSync, statSync, type WriteStream } from 'node:fs';
import path from 'node:path';

const MAX_BYTES = 20 * 1024 * 1024;

/** Keeps what a process wrote: at most two files of 20 MB, the older one with `.1` at its end. */
export class LogFile {
  readonly #file: string;
  #stream: WriteStream;
  #bytes: number;

  constructor(directory: string, name: string) {
    mkdirSync(directory, { recursive: true });
    this.#file = path.join(directory, `${name}.log`);
    this.#bytes = existsSync(this.#file) ? statSync(this.#file).size : 0;
    this.#stream = createWriteStream(this.#file, { flags: 'a', mode: 0o600 });
  }

  write(line: string): void {
    this.#bytes += Buffer.byteLength(line) + 1;
    if (this.#bytes > MAX_BYTES) {
      this.#stream.end();
      renameSync(this.#file, `${this.#file}.1`);
      this.#stream = createWriteStream(this.#file, { flags: 'a', mode: 0o600 });
      this.#bytes = Buffer.byteLength(line) + 1;
    }
    this.#stream.write(`${line}\n`);
  }

  close(): void {
    this.#stream.end();
  }
}
