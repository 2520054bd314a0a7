import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { isMissing } from '#server/deployments/drivers/files';
import { layoutOf } from '#server/deployments/drivers/local/layout';
import type { Ctx } from '#server/platform/context';
import type { EnvironmentKey } from '#server/services/contract';
import { findEnvironmentConfig } from '#server/services/queries';

/** A file to which instances of an environment append one JSON object a line. */
export interface RequestLog {
  name: string;
  path: string;
  /** Tells it from another file of the same name. */
  inode: string;
  size: number;
}

/** The logs of an environment's instances on this machine; none for drivers that keep theirs elsewhere. */
export function listRequestLogs(ctx: Ctx, key: EnvironmentKey): RequestLog[] {
  const config = findEnvironmentConfig(ctx, key);
  if (config?.deploy.driver !== 'local') return [];
  const layout = layoutOf(path.resolve(config.deploy.directory));
  const proxyLog = path.basename(layout.proxyLog);
  try {
    return readdirSync(layout.logs)
      .filter((name) => name.endsWith('.log') && name !== proxyLog)
      .flatMap((name) => {
        const file = path.join(layout.logs, name);
        const found = statSync(file, { throwIfNoEntry: false });
        return found ? [{ name, path: file, inode: String(found.ino), size: found.size }] : [];
      });
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}
