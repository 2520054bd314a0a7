import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import type { RunMoment } from '#server/runs/engine';

/** Where a worker shall die. One order is carried out once, by the first worker that gets there. */
const orderSchema = z.object({
  procedure: z.string(),
  /** null for the moments of a run's end. */
  stepKey: z.string().nullable(),
  moment: z.enum([
    'before-step',
    'step-begun',
    'mid-step',
    'step-done',
    'after-step',
    'before-end',
    'after-end',
  ]),
  signal: z.enum(['SIGKILL', 'SIGSTOP']),
  /** For `mid-step`: how long after the step's beginning, ms. */
  delayMs: z.number().int().min(0).default(0),
  /** Ends the supervisors of the step's commands as well, so that only their commands are left. */
  withSupervisors: z.boolean().default(false),
});

export type ChaosMoment = RunMoment | 'mid-step';
export type ChaosOrder = z.input<typeof orderSchema>;

const firedSchema = z.object({ pid: z.number(), at: z.number() });

/** What happened: who died when, ms since 1970. */
export type Fired = z.output<typeof firedSchema>;

/** Places an order in the file that workers watch (OPS_CHAOS_FILE). */
export function arm(file: string, order: ChaosOrder): void {
  rmSync(firedFile(file), { force: true });
  writeFileSync(`${file}.new`, JSON.stringify(orderSchema.parse(order)));
  renameSync(`${file}.new`, file);
}

/** Takes an order back that was not carried out. */
export function disarm(file: string): void {
  rmSync(file, { force: true });
}

/** @returns who carried the order out; null when nobody has yet */
export function readFired(file: string): Fired | null {
  if (!existsSync(firedFile(file))) return null;
  return firedSchema.parse(JSON.parse(readFileSync(firedFile(file), 'utf8')));
}

/** The order, when there is one for this place; another worker may take it first, see {@link take}. */
export function readOrder(
  file: string,
  procedure: string,
  stepKey: string | null,
): z.output<typeof orderSchema> | null {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  const order = orderSchema.parse(JSON.parse(text));
  return order.procedure === procedure && order.stepKey === stepKey ? order : null;
}

/** Makes this process the one that carries the order out. @returns false when another was first */
export function take(file: string): boolean {
  const mine = `${file}.${process.pid}`;
  try {
    renameSync(file, mine);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
  rmSync(mine);
  const fired: Fired = { pid: process.pid, at: Date.now() };
  writeFileSync(`${file}.note`, JSON.stringify(fired));
  renameSync(`${file}.note`, firedFile(file));
  return true;
}

function firedFile(file: string): string {
  return `${file}.fired`;
}

/** True for the command line, as /proc has it, of a step's supervisor. */
export function isSupervisor(commandLine: string): boolean {
  return /supervisor\.mjs|^ops step/.test(commandLine);
}
