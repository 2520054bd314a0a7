import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ServerBuild } from '@remix-run/node';
import { openSession } from '#server/auth/session';
import { provideDomains } from '#server/bootstrap';
import { createHealth } from '#server/http/health';
import { createLiveStreams, type LiveStreams, type LiveStreamsOptions } from '#server/http/streams';
import { createWebApp } from '#server/http/web-app';
import type { App, Ctx } from '#server/platform/context';
import { type Listener, openListener } from '#server/platform/listener';
import { createLogger } from '#server/platform/logger';
import { opsConfigSchema } from '#server/services/config';
import { keepStatusCopy, type StatusCopy } from '#server/status/copy';
import { createTestApp, type TestApp, type TestAppOptions } from '#server/testing/context';

interface ConfiguredRoute {
  path?: string;
  index?: boolean;
  file: string;
  id?: string;
  children?: ConfiguredRoute[];
}

/** A line of `app/routes.ts` with the module that answers it. */
export interface PageRoute {
  id: string;
  parentId: string;
  /** The address with its parents', for example `/:service/:environment/rollback`. */
  pattern: string;
  path: string | undefined;
  index: boolean;
  file: string;
  module: Record<string, unknown>;
}

const modules = import.meta.glob<Record<string, unknown>>('/app/**/*.tsx');
const configuration = import.meta.glob<{ default: ConfiguredRoute[] }>('/app/routes.ts');

async function load(file: string): Promise<Record<string, unknown>> {
  const module = modules[`/app/${file}`];
  if (!module) throw new Error(`app/routes.ts names ${file}, which does not exist`);
  return module();
}

/** Every route of the pages with its module from source. */
export async function loadPageRoutes(): Promise<PageRoute[]> {
  const table = await configuration['/app/routes.ts']?.();
  if (!table) throw new Error('app/routes.ts is missing');
  const routes: PageRoute[] = [];
  const walk = async (entries: ConfiguredRoute[], parentId: string, prefix: string): Promise<void> => {
    for (const entry of entries) {
      const id = entry.id ?? entry.file.replace(/\.[a-z]+$/, '');
      const pattern = entry.path ? `${prefix}/${entry.path}` : prefix;
      routes.push({
        id,
        parentId,
        pattern: pattern || '/',
        path: entry.path,
        index: entry.index ?? false,
        file: entry.file,
        module: await load(entry.file),
      });
      await walk(entry.children ?? [], id, pattern);
    }
  };
  await walk(table.default, 'root', '');
  return routes;
}

/** The pages as the compiler would hand them over, made from source: tests need no build. */
export async function pagesFromSource(): Promise<ServerBuild> {
  const root = { id: 'root', parentId: undefined, path: '', index: false, module: await load('root.tsx') };
  const routes = [root, ...(await loadPageRoutes())];
  const manifest = Object.fromEntries(
    routes.map(({ id, parentId, path, index, module }) => [
      id,
      { id, parentId, path, index: index || undefined, module },
    ]),
  );
  const assets = Object.fromEntries(
    routes.map(({ module, ...route }) => [
      route.id,
      {
        ...route,
        hasAction: 'action' in module,
        hasLoader: 'loader' in module,
        hasClientAction: false,
        hasClientLoader: false,
        hasErrorBoundary: 'ErrorBoundary' in module,
        module: `/assets/${route.id}.js`,
      },
    ]),
  );
  return {
    mode: 'production',
    entry: { module: await load('entry.server.tsx') },
    routes: manifest,
    assets: {
      entry: { module: '/assets/entry.js', imports: [] },
      routes: assets,
      url: '/assets/manifest.js',
      version: 'source',
    },
    publicPath: '/',
    assetsBuildDirectory: 'build/web/client',
    future: {
      v3_fetcherPersist: true,
      v3_lazyRouteDiscovery: true,
      v3_relativeSplatPath: true,
      v3_singleFetch: true,
      v3_throwAbortReason: true,
    },
    isSpaMode: false,
  } as unknown as ServerBuild;
}

/**
 * An app that provides all domains, for one service in one environment whose repository does not exist: pages must
 * open without it.
 */
export function createWebTestApp(options: Omit<TestAppOptions, 'provide' | 'config'> = {}): Promise<TestApp> {
  const directory = path.join(tmpdir(), 'ops-web-test-without-repository');
  const config = opsConfigSchema.parse({
    services: {
      shop: {
        title: 'Shop',
        environments: {
          production: {
            title: 'Production',
            url: 'http://127.0.0.1:5799',
            deploy: { driver: 'local', repository: directory, directory, proxyPort: 5799 },
            health: {},
            validation: { endpoints: [{ path: '/' }] },
          },
        },
      },
    },
  });
  return createTestApp({
    ...options,
    provide: [
      ...provideDomains(
        { config, hash: 'test', file: 'test' },
        createLogger({ level: 'silent', process: 'web' }),
      ),
    ],
  });
}

export interface TestWebServer {
  origin: string;
  server: Server;
  listener: Listener;
  streams: LiveStreams;
  statusCopy: StatusCopy;
  /** A request as a browser on this site makes it: own origin on writes, redirects not followed. */
  request(path: string, init?: RequestInit & { cookie?: string }): Promise<Response>;
  close(): Promise<void>;
}

/** The whole web surface on a free port of loopback. */
export async function startTestWebServer(
  app: App,
  options: { build?: ServerBuild; streams?: Partial<LiveStreamsOptions> } = {},
): Promise<TestWebServer> {
  const listener = await openListener(app.env.DATABASE_URL, app.log);
  const streams = createLiveStreams({ app, listener, ...options.streams });
  const directory = await mkdtemp(path.join(tmpdir(), 'ops-status-'));
  const statusCopy = await keepStatusCopy(app, directory);
  const build = options.build ?? (await pagesFromSource());
  const server = createServer(
    createWebApp({
      app,
      streams,
      build,
      clientDirectory: 'build/web/client',
      statusCopy,
      readHealth: createHealth({ app, listener, version: 'test' }),
    }),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    server,
    listener,
    streams,
    statusCopy,
    request: (target, { cookie, ...init } = {}) => {
      const headers = new Headers(init.headers);
      if (cookie) headers.set('Cookie', cookie);
      if (init.method && init.method !== 'GET' && !headers.has('Origin')) headers.set('Origin', origin);
      return fetch(`${origin}${target}`, { redirect: 'manual', ...init, headers });
    },
    close: async () => {
      streams.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await statusCopy.stop();
      await rm(directory, { recursive: true, force: true });
      await listener.close();
    },
  };
}

/** Opens a session for the person of a context and returns the `Cookie` header of their browser on plain http. */
export async function cookieOf(ctx: Ctx): Promise<string> {
  if (!ctx.actor.id) throw new Error('Only a person has a session');
  return `ops_session_${ctx.env.PORT}=${await openSession(ctx, ctx.actor.id)}`;
}

/** A form's body, as a browser sends it. */
export function formBody(values: Record<string, string>): { body: URLSearchParams; method: 'POST' } {
  return { method: 'POST', body: new URLSearchParams(values) };
}
