import type { Environment } from './environment';

export interface Faults {
  /** Share of requests that fail, 0 to 1. */
  errorRate?: number;
  /** Only these releases have them. */
  releases?: string[];
}

/** Breaks the shop of an environment by its own control API; without faults it is well again. */
export async function injectFaults({ shopUrl }: Environment, faults: Faults = {}): Promise<void> {
  const answer = await fetch(`${shopUrl}/api/ops/faults`, {
    method: 'PUT',
    // As the configuration of the tests has it.
    headers: { authorization: 'Bearer operators-of-the-test-run', 'content-type': 'application/json' },
    body: JSON.stringify(faults),
  });
  if (!answer.ok) throw new Error(`The shop answered ${answer.status}: ${await answer.text()}`);
}
