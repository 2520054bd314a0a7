import { setTimeout as delay } from 'node:timers/promises';
import { createInstances, INSTANCE_HOST } from '#server/deployments/drivers/local/instances';
import { layoutOf, makeFolders } from '#server/deployments/drivers/local/layout';
import { createProxyClient, SwitchRefused } from '#server/deployments/drivers/local/proxy-client';
import type { LocalEnvironment } from '#server/deployments/drivers/local/settings';
import {
  answersWell,
  assertRunning,
  launch,
  newRecord,
  urlOf,
} from '#server/deployments/drivers/local/start-instance';
import type { Logger } from '#server/platform/logger';

export interface Resumed {
  /** `adopted`: it ran all the time. `superseded`: a deploy switched meanwhile, and that is live. */
  outcome: 'nothing deployed' | 'adopted' | 'restarted' | 'superseded';
  tag: string | null;
}

/**
 * Brings back what visitors last reached, after a reboot or a stop: the proxy, and the live instance on the same build.
 * Needs no run and changes nothing that a run decides: the proxy takes the new process only while the same instance is
 * still live, so a deploy that runs at the same time wins. Several callers at once end with one instance.
 * @throws AppError, StepFailure when the proxy or the release does not start; visitors then get an error page
 */
export async function resumeLocalEnvironment(environment: LocalEnvironment, log: Logger): Promise<Resumed> {
  const layout = layoutOf(environment.directory);
  makeFolders(layout);
  const instances = createInstances(layout);
  const proxy = createProxyClient(environment, layout);
  const { live, fencingToken } = await proxy.ensure();
  if (!live) return { outcome: 'nothing deployed', tag: null };
  const recorded = instances.find(live.instanceId);
  if (recorded?.isAlive) return { outcome: 'adopted', tag: live.tag };

  const parts = { environment, instances };
  const record = await newRecord(parts, live, fencingToken);
  let isLive = false;
  try {
    await launch(parts, record);
    const url = new URL(environment.health.path, urlOf(record));
    const deadline = performance.now() + environment.health.deadlineSeconds * 1_000;
    while (!(await answersWell(url, environment.health.timeoutMs)) && performance.now() < deadline) {
      assertRunning(parts, { log: (text) => log.error({ tag: live.tag }, text) }, record.instanceId);
      await delay(20);
    }
    const { instanceId, port, tag, commitSha, appFolder } = record;
    await proxy.switchTo(
      { instanceId, port, tag, commitSha, appFolder, host: INSTANCE_HOST },
      fencingToken,
      live.instanceId,
    );
    isLive = true;
  } catch (error) {
    if (error instanceof SwitchRefused)
      return { outcome: 'superseded', tag: (await proxy.report())?.live?.tag ?? null };
    throw error;
  } finally {
    const loser = instances.find(isLive ? live.instanceId : record.instanceId);
    if (loser) await instances.end(loser);
  }
  return { outcome: 'restarted', tag: live.tag };
}
