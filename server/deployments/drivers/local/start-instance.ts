import { z } from 'zod';
import { type Checkouts, readManifest, releaseFolderName } from '#server/deployments/drivers/checkouts';
import type { DeployTarget } from '#server/deployments/drivers/driver';
import { randomSuffix } from '#server/deployments/drivers/files';
import {
  INSTANCE_HOST,
  type Instance,
  type InstanceRecord,
  type Instances,
} from '#server/deployments/drivers/local/instances';
import type { LocalEnvironment } from '#server/deployments/drivers/local/settings';
import { commandPath, inheritedEnv } from '#server/deployments/drivers/shell';
import { messageOf } from '#server/platform/errors';
import { StepFailure, type StepIo } from '#server/runs/procedure';
import { createRedactor } from '#server/runs/redact';

/** What a step records before it starts an instance: enough for a successor to find it. */
const referenceSchema = z.object({ instanceId: z.string(), port: z.number().optional() });

export function urlOf(record: InstanceRecord): string {
  return `http://${INSTANCE_HOST}:${record.port}`;
}

/** A record for a new process of the release; nothing runs yet. */
export async function newRecord(
  parts: { environment: LocalEnvironment; instances: Instances },
  release: DeployTarget & { appFolder: string },
  fencingToken: string,
  begun: { instanceId?: string; port?: number } = {},
): Promise<InstanceRecord> {
  return {
    instanceId: begun.instanceId ?? `${releaseFolderName(release)}-${randomSuffix()}`,
    tag: release.tag,
    commitSha: release.commitSha,
    port: begun.port ?? (await parts.instances.choosePort()),
    fencingToken,
    runKey: parts.environment.runKey,
    appFolder: release.appFolder,
    createdAt: new Date().toISOString(),
  };
}

/** Records and starts a process of the release. @throws StepFailure when it ended at once or could not be started */
export async function launch(
  parts: { environment: LocalEnvironment; instances: Instances },
  record: InstanceRecord,
): Promise<void> {
  const { environment, instances } = parts;
  const { start } = readManifest(record.appFolder, record.tag);
  instances.save(record);
  const env = {
    ...inheritedEnv(),
    NODE_ENV: 'production',
    ...environment.env,
    PATH: commandPath(),
    PORT: String(record.port),
    HOST: INSTANCE_HOST,
    RELEASE: record.tag,
    OPS_INSTANCE: record.instanceId,
  };
  try {
    await instances.start(record, start, env);
  } catch (error) {
    throw new StepFailure(`${record.tag} could not be started: ${messageOf(error)}`);
  }
}

/**
 * Starts the release beside the one that serves, or takes the process that an earlier attempt of the same step has
 * started, or one of the same release that still runs well and serves nobody.
 */
export async function startInstance(
  parts: {
    environment: LocalEnvironment;
    instances: Instances;
    checkouts: Checkouts;
    liveInstanceId: string | null;
  },
  io: StepIo,
  release: DeployTarget,
): Promise<{ instanceId: string; url: string }> {
  const { instances } = parts;
  const reference = referenceSchema.safeParse(io.externalRef);
  const earlier = reference.success ? instances.find(reference.data.instanceId) : null;
  if (earlier?.isAlive) {
    io.log(`Went on with the process that an earlier attempt started (pid ${earlier.process?.pid})`);
    return take(instances, io, earlier);
  }
  if (earlier?.process) {
    io.log('The process that an earlier attempt started has ended; starting another');
    await instances.end(earlier);
  }
  const mayContinue = reference.success && !earlier?.process;
  if (!mayContinue) {
    const idle = await findIdle(parts, release);
    if (idle) {
      await io.record({ instanceId: idle.record.instanceId });
      io.log(`${release.tag} still runs and answers (pid ${idle.process?.pid}): no need to start it again`);
      return take(instances, io, idle);
    }
  }
  // The same name and port as an earlier attempt: whichever of the two processes claims the name is the instance.
  const begun = mayContinue ? { ...reference.data, ...(earlier ? { port: earlier.record.port } : {}) } : {};
  const target = { ...release, appFolder: parts.checkouts.appOf(release) };
  const record = await newRecord(parts, target, io.fencingToken, begun);
  await io.record({ instanceId: record.instanceId, port: record.port });
  io.signal.throwIfAborted();
  await launch(parts, record);
  const started = instances.find(record.instanceId);
  io.log(`Started ${release.tag} on port ${record.port} (pid ${started?.process?.pid ?? 'ended already'})`);
  assertRunning(parts, io, record.instanceId);
  return { instanceId: record.instanceId, url: urlOf(record) };
}

/** @throws StepFailure when the instance has ended, with its last lines in the run's log */
export function assertRunning(
  parts: { environment: LocalEnvironment; instances: Instances },
  io: Pick<StepIo, 'log'>,
  instanceId: string,
): void {
  const instance = parts.instances.find(instanceId);
  if (instance?.isAlive) return;
  const redact = createRedactor(parts.environment.secrets);
  const lines = parts.instances.readTail(instanceId).map(redact);
  for (const line of lines) io.log(`${instance?.record.tag ?? instanceId}: ${line}`);
  const words = lines.at(-1);
  throw new StepFailure(
    `${instance?.record.tag ?? instanceId} has ended by itself${words ? `; its last words: ${words}` : ' without a word'}`,
  );
}

/** Marks the instance as needed by this claim, so that no earlier one ends it. */
function take(instances: Instances, io: StepIo, instance: Instance): { instanceId: string; url: string } {
  instances.save({ ...instance.record, fencingToken: io.fencingToken });
  return { instanceId: instance.record.instanceId, url: urlOf(instance.record) };
}

/** A process of the release that runs with today's settings, answers its health check and serves no visitors. */
async function findIdle(
  parts: {
    environment: LocalEnvironment;
    instances: Instances;
    checkouts: Checkouts;
    liveInstanceId: string | null;
  },
  release: DeployTarget,
): Promise<Instance | null> {
  for (const instance of parts.instances.list()) {
    const { record } = instance;
    const fits =
      instance.isAlive &&
      record.instanceId !== parts.liveInstanceId &&
      record.commitSha === release.commitSha &&
      record.tag === release.tag &&
      record.runKey === parts.environment.runKey &&
      record.appFolder === parts.checkouts.appOf(release);
    if (fits && (await answersWell(new URL(parts.environment.health.path, urlOf(record)), REUSE_TIMEOUT_MS)))
      return instance;
  }
  return null;
}

/** An instance that needs longer than this for its health is not worth keeping. */
const REUSE_TIMEOUT_MS = 500;

/** True when the address answers with a 2xx status in time. */
export async function answersWell(url: URL, timeoutMs: number): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs), redirect: 'error' });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}
