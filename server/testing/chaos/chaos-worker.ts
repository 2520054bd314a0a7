import { readdirSync, readFileSync } from 'node:fs';
import type { RunMoment } from '#server/runs/engine';
import { isSupervisor, readOrder, take } from '#server/testing/chaos/injection';
import { runWorker } from '#server/worker-process';

/**
 * A worker like any other that dies, or freezes, where the file named by OPS_CHAOS_FILE tells it to.
 */
const file = process.env.OPS_CHAOS_FILE;
if (!file) throw new Error('OPS_CHAOS_FILE is missing');
const orders = file;

function at(moment: RunMoment, procedure: string, stepKey: string | null): void {
  const order = readOrder(orders, procedure, stepKey);
  if (!order) return;
  const go = (): void => {
    if (!take(orders)) return;
    if (order.withSupervisors) killSupervisors();
    process.kill(process.pid, order.signal);
    // A signal to oneself is delivered at the latest when the process is next scheduled.
    if (order.signal === 'SIGKILL') for (;;);
  };
  if (order.moment === moment) go();
  if (order.moment !== 'mid-step') return;
  if (moment === 'step-begun') setTimeout(go, order.delayMs);
  // A step that is quicker than that does not get away.
  if (moment === 'step-done') go();
}

/** The supervisors among this process's children; releases and proxies, which are children too, live on. */
function killSupervisors(): void {
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'latin1');
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
      const line = readFileSync(`/proc/${name}/cmdline`, 'latin1');
      if (parent === process.pid && isSupervisor(line)) process.kill(Number(name), 'SIGKILL');
    } catch (error) {
      // It ended while it was looked at.
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'ENOENT' && code !== 'ESRCH') throw error;
    }
  }
}

runWorker({ at }).catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
