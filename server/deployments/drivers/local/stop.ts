import path from 'node:path';
import { createInstances, endProcess } from '#server/deployments/drivers/local/instances';
import { layoutOf } from '#server/deployments/drivers/local/layout';
import { readProxyProcess } from '#server/deployments/drivers/local/proxy-client';

/** A little more than the proxy gives its visitors to finish. */
const PROXY_GRACE_MS = 12_000;

/**
 * Ends the proxy and every instance of a local environment: what its directory records, by pid and start time. What was
 * live stays recorded, so that `resumeLocalEnvironment` brings it back. Nothing there is no error.
 * @throws Error when a process outlives KILL
 */
export async function stopLocalEnvironment(directory: string): Promise<void> {
  const layout = layoutOf(path.resolve(directory));
  const proxy = readProxyProcess(layout);
  if (proxy) await endProcess(proxy, PROXY_GRACE_MS);
  const instances = createInstances(layout);
  await Promise.all(instances.list().map((instance) => instances.end(instance)));
}
