import * as z from 'zod';
import { EMERGENCY_COMMANDS, EMERGENCY_LABELS, type EmergencyCommand } from '#server/maintenance/contract';
import { ControlError, type ControlFigures } from '#server/maintenance/drivers/control';
import { controlOf } from '#server/maintenance/records';
import { type Procedure, StepFailure, type StepIo } from '#server/runs/procedure';

export const emergencyParams = z.object({
  service: z.string(),
  environment: z.string(),
  command: z.enum(EMERGENCY_COMMANDS),
});
export type EmergencyParams = z.infer<typeof emergencyParams>;

const SAMPLES = 5;
const REQUEST_TIMEOUT_MS = 10_000;

const WORDS: Record<EmergencyCommand, string> = {
  'clear-cache': 'every instance forgets what it has cached and loads it anew',
  optimise:
    'removes what is out of date, vacuums and analyses every table, warms the caches; visitors notice nothing',
};

const IDS: Record<EmergencyCommand, string> = {
  'clear-cache': 'maintenance.clear-cache',
  optimise: 'maintenance.optimise',
};

/** A command to the service with the figures that it answers, and a visitor's page before and after. */
function emergencyProcedure(command: EmergencyCommand): Procedure<EmergencyParams> {
  return {
    id: IDS[command],
    title: EMERGENCY_LABELS[command],
    params: emergencyParams,
    permission: 'emergency.run',
    confirmation: 'consequential',
    budgetMs: 120_000,
    onBudgetEnd: 'timed_out',
    supersedes: [],
    steps: (ctx, params) => {
      const { config, url } = controlOf(ctx, params);
      const page = new URL(config.page, url);
      return [
        {
          key: 'before',
          title: 'Measure before',
          detail: `${SAMPLES} requests to ${config.page}`,
          recovery: 'repeat',
          timeoutMs: 60_000,
          run: async ({ io }) => {
            const seen = await measure(io, page);
            return {
              facts: { median: `${seen.medianMs} ms`, failed: `${seen.failed} of ${SAMPLES}` },
              result: { ...seen },
            };
          },
        },
        {
          key: 'act',
          title: EMERGENCY_LABELS[command],
          detail: WORDS[command],
          recovery: 'repeat',
          timeoutMs: 90_000,
          run: async (step) => {
            const { control } = controlOf(step.ctx, params);
            try {
              const figures = await (command === 'clear-cache'
                ? control.clearCache(step.io.signal)
                : control.optimise(step.io.signal));
              step.io.log(JSON.stringify(figures));
              return { facts: factsOf(figures) };
            } catch (error) {
              if (!(error instanceof ControlError)) throw error;
              throw new StepFailure(
                `${error.message}. ${error.certain ? 'Nothing was changed.' : 'It can be run again.'}`,
              );
            }
          },
        },
        {
          key: 'after',
          title: 'Measure after',
          detail: `${SAMPLES} requests to ${config.page}`,
          recovery: 'repeat',
          timeoutMs: 60_000,
          run: async ({ io, previous }) => {
            const before = previous<Measured>('before');
            const seen = await measure(io, page);
            if (seen.failed > before.failed) {
              throw new StepFailure(
                `${config.page} failed ${seen.failed} of ${SAMPLES} times afterwards, ${before.failed} before`,
              );
            }
            return {
              facts: {
                median: `${seen.medianMs} ms, before ${before.medianMs} ms`,
                failed: `${seen.failed} of ${SAMPLES}`,
              },
            };
          },
        },
      ];
    },
  };
}

export const clearCacheProcedure = emergencyProcedure('clear-cache');
export const optimiseProcedure = emergencyProcedure('optimise');

export const EMERGENCY_PROCEDURES: Record<EmergencyCommand, Procedure<EmergencyParams>> = {
  'clear-cache': clearCacheProcedure,
  optimise: optimiseProcedure,
};

interface Measured {
  medianMs: number;
  failed: number;
}

async function measure(io: StepIo, page: URL): Promise<Measured> {
  const times: number[] = [];
  let failed = 0;
  for (let sample = 0; sample < SAMPLES; sample += 1) {
    const startedAt = performance.now();
    try {
      const response = await fetch(page, {
        redirect: 'manual',
        signal: AbortSignal.any([io.signal, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]),
      });
      await response.arrayBuffer();
      if (response.status >= 500) failed += 1;
    } catch {
      io.signal.throwIfAborted();
      failed += 1;
    }
    times.push(performance.now() - startedAt);
  }
  times.sort((a, b) => a - b);
  return { medianMs: Math.round((times[Math.floor(SAMPLES / 2)] ?? 0) * 10) / 10, failed };
}

/** Numbers and texts as they are; what has parts is left to the log. */
function factsOf(figures: ControlFigures): Record<string, string> {
  return Object.fromEntries(
    Object.entries(figures).flatMap(([key, value]) =>
      typeof value === 'number' || typeof value === 'string' ? [[wordsOf(key), String(value)]] : [],
    ),
  );
}

/** `deadRowsBefore` → `dead rows before`. */
function wordsOf(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
