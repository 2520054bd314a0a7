import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ServerBuild } from '@remix-run/node';
import { bootstrap } from '#server/bootstrap';
import { createHealth } from '#server/http/health';
import { createLiveStreams } from '#server/http/streams';
import { createWebApp } from '#server/http/web-app';
import { assertSafeToServe, type Env, EnvError, readEnv } from '#server/platform/env';
import { followParent } from '#server/platform/follow-parent';
import { openListener } from '#server/platform/listener';
import { PROJECT_ROOT } from '#server/platform/project-root';
import { keepStatusCopy } from '#server/status/copy';

/** Time that requests under way get to finish at a stop, ms. */
const DRAIN_MS = 5_000;

/** The web process: pages, endpoints and live updates. */
async function main(): Promise<void> {
  const env = readEnv(process.env);
  assertSafeToServe(env);
  const build = await loadBuild();
  const { app, close } = await bootstrap('web', env);
  const listener = await openListener(env.DATABASE_URL, app.log, true);
  const statusCopy = await keepStatusCopy(app);
  listener.subscribe((notice) => {
    if (notice.kind === 'status') statusCopy.wake();
  });
  listener.onReconnect(statusCopy.wake);
  const streams = createLiveStreams({ app, listener });
  const web = createWebApp({
    app,
    streams,
    build,
    clientDirectory: path.join(PROJECT_ROOT, 'build/web/client'),
    statusCopy,
    readHealth: createHealth({ app, listener, version: await readVersion() }),
  });
  const server = createServer(web);
  // Longer than the idle time of common proxies, so that none sends a request into a connection we just closed.
  server.keepAliveTimeout = 65_000;
  await listen(server, env);
  app.log.info({ url: env.PUBLIC_URL ?? `http://${env.HOST}:${env.PORT}` }, 'web is listening');

  let stopping = false;
  const stop = async (why: string): Promise<void> => {
    if (stopping) return;
    stopping = true;
    app.log.info({ why }, 'web is stopping');
    streams.close();
    await drain(server);
    await statusCopy.stop();
    await listener.close();
    await close();
    process.exit(0);
  };
  const onStop = (why: string) => {
    stop(why).catch((error) => {
      app.log.error({ err: error }, 'the stop failed');
      process.exit(1);
    });
  };
  process.on('SIGTERM', () => onStop('SIGTERM'));
  process.on('SIGINT', () => onStop('SIGINT'));
  followParent(() => onStop('the parent process is gone'));
}

async function loadBuild(): Promise<ServerBuild> {
  const file = path.join(PROJECT_ROOT, 'build/web/server/index.js');
  try {
    return (await import(/* @vite-ignore */ pathToFileURL(file).href)) as ServerBuild;
  } catch (error) {
    if (
      error instanceof Error &&
      'code' in error &&
      error.code === 'ERR_MODULE_NOT_FOUND' &&
      error.message.includes(file)
    ) {
      throw new EnvError(
        'The pages are not built: build/web is missing. Run `npm run build`. Nothing was started.',
      );
    }
    throw error;
  }
}

async function readVersion(): Promise<string> {
  const manifest = JSON.parse(await readFile(path.join(PROJECT_ROOT, 'package.json'), 'utf8')) as {
    version: string;
  };
  return manifest.version;
}

function listen(server: Server, env: Env): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const told = {
        EADDRINUSE: `PORT: ${env.PORT} is taken on ${env.HOST}. Stop what uses it, or set another PORT.`,
        EADDRNOTAVAIL: `HOST: ${env.HOST} is no address of this machine.`,
      }[error.code ?? ''];
      reject(told ? new EnvError(`${told} Nothing was started.`) : error);
    });
    server.listen(env.PORT, env.HOST, resolve);
  });
}

/** Takes no new requests and lets those under way finish, at most {@link DRAIN_MS}. */
function drain(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
    server.closeIdleConnections();
  });
}

main().catch((error) => {
  console.error(error instanceof EnvError ? error.message : error);
  process.exit(1);
});
