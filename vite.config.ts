import { fileURLToPath } from 'node:url';
import { vitePlugin as remix } from '@remix-run/dev';
import tailwindcss from '@tailwindcss/vite';
import { defineConfig } from 'vite';
import { denyImports } from 'vite-env-only';
import remixConfig from './remix.config.js';

declare module '@remix-run/node' {
  interface Future {
    v3_singleFetch: true;
  }
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
