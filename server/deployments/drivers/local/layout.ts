import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, readdirSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';

/** Longest path of a unix socket that every system takes, bytes (sockaddr_un: 104 on macOS, 108 on Linux). */
const MAX_SOCKET_PATH = 100;

/** Where everything of a local environment lies, below its directory. */
export interface Layout {
  directory: string;
  releases: string;
  instances: string;
  logs: string;
  proxyState: string;
  proxyProcess: string;
  proxyLog: string;
  /** In the directory, or under the system's temporary folder when that path would be too long. */
  proxySocket: string;
}

export function layoutOf(directory: string): Layout {
  return {
    directory,
    releases: path.join(directory, 'releases'),
    instances: path.join(directory, 'instances'),
    logs: path.join(directory, 'logs'),
    proxyState: path.join(directory, 'proxy', 'state.json'),
    proxyProcess: path.join(directory, 'proxy', 'process.json'),
    proxyLog: path.join(directory, 'logs', 'proxy.log'),
    proxySocket: socketPath(directory),
  };
}

function socketPath(directory: string): string {
  const beside = path.join(directory, 'proxy', 'control.sock');
  if (Buffer.byteLength(beside) <= MAX_SOCKET_PATH) return beside;
  const hash = createHash('sha256').update(directory).digest('hex').slice(0, 16);
  return path.join(tmpdir(), `ops-${userInfo().uid}-${hash}`, 'control.sock');
}

/** Makes the folders, for this user only: they hold settings and logs. */
export function makeFolders(layout: Layout): void {
  const folders = [layout.directory, layout.releases, layout.instances, layout.logs];
  for (const folder of [...folders, path.dirname(layout.proxyState), path.dirname(layout.proxySocket)]) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }
}

const LOGS_KEPT = 20;
const LOG_MAX_BYTES = 20 * 1024 * 1024;

/**
 * Keeps the logs of what runs and the newest others. A log that grew above 20 MB is moved aside, replacing the one that
 * was moved before; its writer goes on in the same file, which it only ever appends to.
 * @param inUse names of the log files that processes write to
 */
export function tidyLogs(layout: Layout, inUse: ReadonlySet<string>): void {
  const logs = readdirSync(layout.logs).map((name) => {
    const { size, mtimeMs } = statSync(path.join(layout.logs, name));
    return { name, file: path.join(layout.logs, name), size, mtimeMs };
  });
  const old = logs.filter(({ name }) => !inUse.has(name.replace(/\.1$/, '')));
  for (const { file } of old.sort((a, b) => b.mtimeMs - a.mtimeMs).slice(LOGS_KEPT))
    rmSync(file, { force: true });
  for (const { name, file, size } of logs) {
    if (!inUse.has(name) || size <= LOG_MAX_BYTES) continue;
    copyFileSync(file, `${file}.1`);
    truncateSync(file);
  }
}
