// `npm run dev`: the console as `npm start` runs it, rebuilt and restarted when a source changes.
import { watch } from 'node:fs';
import path from 'node:path';

const WATCHED = ['app', 'server', 'prisma/schema', 'public'];
const IGNORED = /(^|[\\/])generated[\\/]|\.test\.tsx?$|~$|\.sw.$/;
const QUIET_MS = 150;

/**
 * @param {string[]} _args
 * @param {{ root: string, buildStale: (options: object) => Promise<string[]>, runEntry: (entry: string, args: string[], env?: object) => { child: import('node:child_process').ChildProcess, ended: Promise<number> } }} project
 * @returns {Promise<number>} the exit code
 */
export async function run(_args, { root, buildStale, runEntry }) {
  const log = (line) => console.log(`  ${line}`);
  await buildStale({ log });
  const { child, ended } = runEntry('server/cli/start.js', []);
  let timer = null;
  let building = Promise.resolve();
  const rebuild = async () => {
    try {
      // The server takes a fraction of the pages' time, so it is not made to wait for them.
      for (const only of [['generate', 'server'], ['web']]) {
        const ran = await buildStale({ only, log });
        if (ran.length > 0) child.kill('SIGUSR2');
      }
    } catch (error) {
      console.error(error instanceof Error ? error.message : error);
    }
  };
  const onChange = (_event, file) => {
    if (file && IGNORED.test(file)) return;
    clearTimeout(timer);
    timer = setTimeout(() => {
      building = building.then(rebuild);
    }, QUIET_MS);
  };
  const watchers = WATCHED.map((folder) => watch(path.join(root, folder), { recursive: true }, onChange));
  const code = await ended;
  for (const watcher of watchers) watcher.close();
  clearTimeout(timer);
  await building;
  return code;
}
