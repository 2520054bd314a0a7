// A check of the drill shop that a test holds: it prints numbered lines for as long as the file `hold` is in the folder
// of its argument, then fails when the file `fail` is there. Never longer than LIMIT_MS.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const LIMIT_MS = 60_000;
const LINE_EVERY_MS = 40;

const folder = process.argv[2] ?? '.';
const has = (name) => existsSync(path.join(folder, name));

console.log('the check begins');
const deadline = performance.now() + LIMIT_MS;
for (let line = 1; has('hold') && performance.now() < deadline; line += 1) {
  console.log(`held line ${line}`);
  await delay(LINE_EVERY_MS);
}
console.log('the check is let go');
if (has('fail')) {
  console.error('the check was told to fail');
  process.exitCode = 1;
}
