import { fileURLToPath } from 'node:url';
import { vitePlugin as remix } from '@remix-run/dev';
import tailwindcss from '@tailwindcss/vite';
import { defineConfig, type Plugin } from 'vite';
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
  build: {
    target: 'es2022',
    // The server tree is compiled once into build/server and stays external to the Remix server build, so that each
    // of its modules exists once per process.
    rollupOptions: isSsrBuild ? { external: [/^#server\//] } : {},
  },
}));
