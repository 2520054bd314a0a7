/**
 * The Remix options of this application. `vite.config.ts` hands them to the Remix Vite plugin, which reads no such
 * file by itself. Every `v3_` future flag is on, so that the move to React Router 7 is a rename of imports.
 * @type {import('@remix-run/dev').VitePluginConfig}
 */
export default {
  appDirectory: 'app',
  buildDirectory: 'build/web',
  serverModuleFormat: 'esm',
  future: {
    v3_fetcherPersist: true,
    v3_lazyRouteDiscovery: true,
    v3_relativeSplatPath: true,
    v3_routeConfig: true,
    v3_singleFetch: true,
    v3_throwAbortReason: true,
  },
};
