import * as z from 'zod';
import {
  ControlError,
  type ControlFigures,
  type ControlState,
  type ServiceControl,
} from '#server/maintenance/drivers/control';
import { messageOf } from '#server/platform/errors';
import type { ControlConfig, OpsConfig } from '#server/services/config';

const stateSchema = z.object({
  release: z.string().nullish(),
  maintenance: z.object({ enabled: z.boolean(), active: z.boolean(), until: z.string().nullable() }),
  lockdown: z.object({ enabled: z.boolean() }),
});
const endedSchema = z.object({ sessionsEnded: z.number() });
const figuresSchema = z.record(z.string(), z.unknown());
const refusalSchema = z.object({ error: z.string() });

/** Vacuuming takes the time that it takes. */
const OPTIMISE_TIMEOUT_MS = 60_000;

/** Makes the controls that the configuration describes, all over HTTP. */
export function createControls(
  config: OpsConfig,
): (service: string, environment: string) => ServiceControl | null {
  const known = new Map<string, ServiceControl | null>();
  return (service, environment) => {
    const key = `${service}/${environment}`;
    const made = known.get(key);
    if (made !== undefined) return made;
    const settings = config.services[service]?.environments[environment];
    const control = settings?.control ? createHttpControl(settings.control, settings.url) : null;
    known.set(key, control);
    return control;
  };
}

/** The control API that examples/shop/base/README.md describes, at `control.url` or else at the service's own address. */
export function createHttpControl(control: ControlConfig, serviceUrl: string): ServiceControl {
  const base = control.url ?? serviceUrl;

  async function send<T>(
    method: 'GET' | 'PUT' | 'POST',
    path: string,
    answer: z.ZodType<T>,
    signal: AbortSignal,
    body?: object,
    timeoutMs = control.timeoutMs,
  ): Promise<T> {
    let response: Response;
    let text: string;
    try {
      response = await fetch(new URL(path, base), {
        method,
        redirect: 'manual',
        headers: {
          authorization: `Bearer ${control.token}`,
          ...(body ? { 'content-type': 'application/json' } : {}),
        },
        ...(body ? { body: JSON.stringify(body) } : {}),
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      });
      text = await response.text();
    } catch (error) {
      signal.throwIfAborted();
      const cause = error instanceof Error && error.cause ? messageOf(error.cause) : messageOf(error);
      throw new ControlError(`${method} ${path} got no answer: ${cause}`, method === 'GET');
    }
    if (!response.ok) throw new ControlError(wordsOf(path, response.status, text), response.status < 500);
    const parsed = answer.safeParse(parseJson(text));
    if (parsed.success) return parsed.data;
    throw new ControlError(
      `${method} ${path} was answered with something else than the control API's JSON`,
      false,
    );
  }

  return {
    readState: async (signal): Promise<ControlState> => {
      const { release = null, ...state } = await send('GET', '/api/ops/state', stateSchema, signal);
      return { ...state, release };
    },
    switchMaintenance: async (direction, order, signal) => {
      const enabled = direction === 'on';
      const body = enabled ? { enabled, ...order } : { enabled, reason: order.reason };
      await send('PUT', '/api/ops/maintenance', stateSchema, signal, body);
    },
    switchLockdown: async (direction, reason, signal) => {
      const body = { enabled: direction === 'on', reason };
      return (await send('PUT', '/api/ops/lockdown', endedSchema, signal, body)).sessionsEnded;
    },
    clearCache: (signal): Promise<ControlFigures> =>
      send('POST', '/api/ops/cache/clear', figuresSchema, signal, {}),
    optimise: (signal): Promise<ControlFigures> =>
      send('POST', '/api/ops/optimise', figuresSchema, signal, {}, OPTIMISE_TIMEOUT_MS),
  };
}

function wordsOf(path: string, status: number, text: string): string {
  if (status === 401 || status === 403)
    return `The service refused the console's token (${status} from ${path})`;
  if (status === 404) return `The service has no control API (404 from ${path})`;
  const refusal = refusalSchema.safeParse(parseJson(text));
  return `${path} answered ${status}${refusal.success ? `: ${refusal.data.error}` : ''}`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
