import { messageOf } from '#server/platform/errors';

/** Each ends with one line of JSON: what was measured, what it is compared with, and their ratio. */
const BENCHES: Record<string, () => Promise<{ bench(args: string[]): Promise<number> }>> = {
  chaos: () => import('#server/cli/bench/chaos'),
  detect: () => import('#server/cli/bench/detect'),
  guard: () => import('#server/cli/bench/guard'),
  incidents: () => import('#server/cli/bench/incidents'),
  ingest: () => import('#server/cli/bench/ingest'),
  lighthouse: () => import('#server/cli/bench/lighthouse'),
  log: () => import('#server/cli/bench/log'),
  pages: () => import('#server/cli/bench/pages'),
  rollback: () => import('#server/cli/bench/rollback'),
  status: () => import('#server/cli/bench/status'),
  streams: () => import('#server/cli/bench/streams'),
  watch: () => import('#server/cli/bench/watch'),
};

/** `npm run bench -- <name> [options]`. */
async function main([name = '', ...args]: string[]): Promise<number> {
  const load = Object.hasOwn(BENCHES, name) ? BENCHES[name] : undefined;
  if (!load) throw new Error(`There is no bench "${name}". Benches: ${Object.keys(BENCHES).join(', ')}.`);
  return (await load()).bench(args);
}

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(messageOf(error));
    process.exit(1);
  },
);
