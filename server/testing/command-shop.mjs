/**
 * What a team might run to deploy the fixture shop: plain commands with plain files and one balancer, which is a program
 * of its own (proxy.mjs) with a control socket. Every command may be run again with the same INSTANCE_ID.
 *
 * node command-shop.mjs prepare | start | is-running | switch | retire | prune | observe | resume | deploy
 *
 * SHOP_STATE is the folder of its files, SHOP_BALANCER the control socket. A file `pause` in the folder holds how long,
 * ms, `start` and `switch` wait after they have said that they begin.
 */
import { spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';

const { env } = process;
const state = env.SHOP_STATE ?? '';
const HOST = '127.0.0.1';
const DRAIN_MS = 3_000;
const END_MS = 3_000;
const HEALTHY_MS = 10_000;

/** @typedef {{ instanceId: string, tag: string, commitSha: string, port: number, folder: string }} Instance */

const folderOf = (/** @type {string} */ instanceId) => join(state, 'instances', instanceId);

/** @param {string} instanceId @returns {Instance} */
function readInstance(instanceId) {
  return JSON.parse(readFileSync(join(folderOf(instanceId), 'instance.json'), 'utf8'));
}

function listInstances() {
  const folder = join(state, 'instances');
  const names = existsSync(folder) ? readdirSync(folder) : [];
  return names.filter((name) => existsSync(join(folder, name, 'instance.json'))).map(readInstance);
}

/** @param {string} instanceId @returns {number | null} the process while it lives */
function pidOf(instanceId) {
  const file = join(folderOf(instanceId), 'pid');
  const pid = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0;
  if (pid === 0) return null;
  try {
    process.kill(pid, 0);
  } catch {
    return null;
  }
  // What has ended and waits to be collected still has a pid.
  const stat = `/proc/${pid}/stat`;
  return existsSync(stat) && /\) [ZX] /.test(readFileSync(stat, 'latin1')) ? null : pid;
}

/** @param {number} port @returns {Promise<boolean>} */
function canListen(port) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ host: HOST, port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

async function choosePort() {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    if (await canListen(port)) return port;
  }
}

/** Writes a file that only one of several may write. @param {string} file @param {string} content */
function writeOnce(file, content) {
  const next = `${file}.${process.pid}`;
  writeFileSync(next, content);
  try {
    linkSync(next, file);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  } finally {
    rmSync(next);
  }
}

/** The process becomes the instance by linking its pid file, which only one can. @param {Instance} instance */
async function launch({ instanceId, tag, port, folder }) {
  const own = folderOf(instanceId);
  rmSync(join(own, 'pid'), { force: true });
  const log = openSync(join(own, 'log'), 'a');
  const { OPS_STEP: _step, ...inherited } = env;
  const become = 'echo $$ >"$0/pid.$$" && ln "$0/pid.$$" "$0/pid" && exec node server.mjs';
  spawn('/bin/sh', ['-c', become, own], {
    cwd: folder,
    detached: true,
    env: { ...inherited, RELEASE: tag, OPS_INSTANCE: instanceId, HOST, PORT: String(port) },
    stdio: ['ignore', log, log],
  }).unref();
  closeSync(log);
  while (!existsSync(join(own, 'pid'))) await delay(2);
}

/** @param {string} instanceId @returns {Promise<Instance>} */
async function start(instanceId) {
  mkdirSync(folderOf(instanceId), { recursive: true });
  const { RELEASE: tag, COMMIT_SHA: commitSha } = env;
  const record = { instanceId, tag, commitSha, port: await choosePort(), folder: process.cwd() };
  writeOnce(join(folderOf(instanceId), 'instance.json'), JSON.stringify(record));
  const instance = readInstance(instanceId);
  if (pidOf(instanceId) === null) await launch(instance);
  console.log(`${instanceId} runs as ${pidOf(instanceId)}`);
  return instance;
}

/** What it wrote last. @param {string} instanceId */
function lastWords(instanceId) {
  const log = join(folderOf(instanceId), 'log');
  return existsSync(log) ? readFileSync(log, 'utf8').trimEnd() : `there is no ${instanceId}`;
}

/** @param {string} method @param {string} path @param {object} [body] @returns {Promise<{ status: number, body: any }>} */
function askBalancer(method, path, body) {
  return new Promise((resolve, reject) => {
    const outgoing = request({ socketPath: env.SHOP_BALANCER, method, path, agent: false });
    outgoing.once('error', reject);
    outgoing.once('response', (response) => {
      text(response).then(
        (content) => resolve({ status: response.statusCode ?? 0, body: JSON.parse(content) }),
        reject,
      );
    });
    outgoing.end(body && JSON.stringify(body));
  });
}

/** @param {Instance} instance */
async function letVisitorsIn({ instanceId, tag, commitSha, port, folder }) {
  const live = { instanceId, tag, commitSha, port, host: HOST, appFolder: folder };
  const answer = await askBalancer('POST', '/switch', { live, fencingToken: env.FENCING_TOKEN });
  if (answer.status !== 200) throw new Error(`The balancer refused: ${answer.body.refused}`);
}

/** @param {string[]} instanceIds @returns {Promise<number>} how many were ended */
async function retire(instanceIds) {
  for (const deadline = Date.now() + DRAIN_MS; Date.now() < deadline; await delay(20)) {
    const { inFlight } = (await askBalancer('GET', '/state')).body;
    if (instanceIds.every((id) => !inFlight[id])) break;
  }
  const ended = await Promise.all(
    instanceIds.map(async (id) => {
      const pid = pidOf(id);
      if (pid !== null) process.kill(pid, 'SIGTERM');
      for (const deadline = Date.now() + END_MS; pidOf(id) !== null && Date.now() < deadline; )
        await delay(10);
      if (pid !== null && pidOf(id) !== null) process.kill(pid, 'SIGKILL');
      rmSync(folderOf(id), { recursive: true, force: true });
      return pid !== null;
    }),
  );
  return ended.filter(Boolean).length;
}

/** @param {Instance} instance */
async function untilHealthy({ instanceId, port }) {
  for (const deadline = Date.now() + HEALTHY_MS; Date.now() < deadline; await delay(20)) {
    if (pidOf(instanceId) === null) break;
    const answer = await fetch(`http://${HOST}:${port}/api/health`).catch(() => null);
    if (answer?.ok) return;
  }
  throw new Error(lastWords(instanceId));
}

async function pause() {
  const file = join(state, 'pause');
  if (existsSync(file)) await delay(Number(readFileSync(file, 'utf8')));
}

const instanceId = env.INSTANCE_ID ?? '';
const artifacts = join(state, 'artifacts');

/** @type {Record<string, () => Promise<void>>} */
const COMMANDS = {
  async prepare() {
    mkdirSync(artifacts, { recursive: true });
    writeFileSync(join(artifacts, env.RELEASE ?? ''), '');
  },
  async start() {
    console.log(`starting ${instanceId}`);
    await pause();
    const { port } = await start(instanceId);
    console.log(JSON.stringify({ instanceId, url: `http://${HOST}:${port}` }));
  },
  async 'is-running'() {
    if (pidOf(instanceId) === null) throw new Error(lastWords(instanceId));
  },
  async switch() {
    console.log(`switching to ${instanceId}`);
    await pause();
    await letVisitorsIn(readInstance(instanceId));
    console.log(`switched to ${instanceId}`);
    await pause();
  },
  async retire() {
    console.log(await retire(JSON.parse(env.RETIRE ?? '[]')));
  },
  async prune() {
    const kept = new Set(JSON.parse(env.KEEP ?? '[]').map((/** @type {{ tag: string }} */ { tag }) => tag));
    const old = (existsSync(artifacts) ? readdirSync(artifacts) : []).filter((tag) => !kept.has(tag));
    for (const tag of old) rmSync(join(artifacts, tag));
    console.log(JSON.stringify(old));
  },
  async observe() {
    const { live } = (await askBalancer('GET', '/state')).body;
    const instances = listInstances().flatMap((instance) => {
      const pid = pidOf(instance.instanceId);
      return pid === null ? [] : [{ instanceId: instance.instanceId, tag: instance.tag, pid }];
    });
    console.log(JSON.stringify({ live, instances }));
  },
  async resume() {
    if (pidOf(instanceId) === null) await launch(readInstance(instanceId));
    await untilHealthy(readInstance(instanceId));
  },
  /** All in one: the whole deploy of a team that has no parts; `--unchecked` for one that does not look either. */
  async deploy() {
    const started = await start(`${env.RELEASE}-${env.RUN_NUMBER}`);
    if (!process.argv.includes('--unchecked')) await untilHealthy(started);
    await letVisitorsIn(started);
    const others = listInstances().filter((instance) => instance.instanceId !== started.instanceId);
    console.log(`ended ${await retire(others.map((instance) => instance.instanceId))}`);
  },
};

try {
  await COMMANDS[process.argv[2] ?? '']?.();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
