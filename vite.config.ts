import { fileURLToPath } from 'node:url';
import { vitePlugin as remix } from '@remix-run/dev';
import tailwindcss from '@tailwindcss/vite';
import { defineConfig, type Plugin, type Rollup } from 'vite';
import { denyImports } from 'vite-env-only';
import remixConfig from './remix.config.js';

declare module '@remix-run/node' {
  interface Future {
    v3_singleFetch: true;
  }
}

/**
 * A page that imports one label from a contract must not carry the contract's schemas, and with them zod, to the
 * browser. A bundler keeps `z.string().check(…)` because a method may do anything; as a pure call that nobody uses, it
 * goes. Measured: 20 kB gzipped on every page.
 */
function droppableSchemas(): Plugin {
  return {
    name: 'droppable-schemas',
    transform(code, id, options) {
      if (options?.ssr || !/\/server\/.*[/-]contract\.ts$/.test(id)) return null;
      let text = code;
      for (const statement of [...this.parse(code).body].reverse()) {
        const declared = statement.type === 'ExportNamedDeclaration' ? statement.declaration : statement;
        if (declared?.type !== 'VariableDeclaration') continue;
        for (const { init } of [...declared.declarations].reverse()) {
          if (init?.type !== 'CallExpression') continue;
          const { start, end } = init as unknown as { start: number; end: number };
          text = `${text.slice(0, start)}/* @__PURE__ */ (() => (${text.slice(start, end)}))()${text.slice(end)}`;
        }
      }
      return { code: text, map: null };
    },
  };
}

/** Small parts that nearly every page has: a file each, they compress alone. */
const NEARLY_ALWAYS =
  /\/app\/(components\/layout\/page-(header|title)|components\/ui\/(section|field)|lib\/revalidate|settings\/(back|csv)-link)\.tsx?$/;

/**
 * What the root imports is on every page, so it is two files: libraries, which seldom change, and the frame. Left to
 * itself the bundler makes one file of every icon that two pages share, and each compresses alone. Measured: 10 kB
 * gzipped on every page.
 */
function framedByRoot(): Rollup.GetManualChunk {
  const always = new Set<string>();
  const add = (id: string, getModuleInfo: Rollup.GetModuleInfo) => {
    if (always.has(id)) return;
    always.add(id);
    for (const next of getModuleInfo(id)?.importedIds ?? []) add(next, getModuleInfo);
  };
  return (id, { getModuleIds, getModuleInfo }) => {
    if (always.size === 0) {
      const root = [...getModuleIds()].find((each) => /\/app\/root\.tsx$/.test(each));
      if (root) add(root, getModuleInfo);
    }
    if (NEARLY_ALWAYS.test(id)) return 'frame';
    if (!always.has(id) || /\/app\/root\.tsx/.test(id)) return null;
    // The libraries' own helper goes with them: in the frame, each file would wait for the other to begin.
    const isLibrary = /\/node_modules\/(?!lucide-react\/)|commonjsHelpers/.test(id);
    return isLibrary ? 'libraries' : 'frame';
  };
}

export default defineConfig(({ isSsrBuild }) => ({
  plugins: [
    // A browser file may import only `contract.ts` of a server domain; anything else fails the build.
    denyImports({
      client: {
        specifiers: [/^#server\/(?!.*[/-]contract$)/],
        files: [/^server\/(?!.*[/-]contract\.ts$)/],
      },
    }),
    droppableSchemas(),
    tailwindcss(),
    remix(remixConfig),
  ],
  // Vite takes the first target of a package import only, so the extension is found by an alias.
  resolve: { alias: [{ find: /^#app\//, replacement: fileURLToPath(new URL('./app/', import.meta.url)) }] },
  // Each icon brings the same words of its licence: they are said once in a file.
  esbuild: { legalComments: 'eof' },
  build: {
    target: 'es2022',
    // The server tree is compiled once into build/server and stays external to the Remix server build, so that each
    // of its modules exists once per process.
    rollupOptions: isSsrBuild ? { external: [/^#server\//] } : { output: { manualChunks: framedByRoot() } },
  },
}));
