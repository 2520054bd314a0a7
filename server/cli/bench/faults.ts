const CONTROL_TOKEN = 'operators-of-the-bench-only';

/** Lets the console that is started next switch its shop, and this bench break it: its control API takes this token. */
export function allowControl(): void {
  process.env.OPS_CONTROL_TOKEN = CONTROL_TOKEN;
}

/**
 * Breaks the shop by its own control API.
 * @param faults share of requests that fail, 0 to 1, and the releases that have them: all where none are named
 */
export async function injectFaults(
  shopUrl: string,
  faults: { errorRate: number; releases?: string[] },
): Promise<void> {
  const answer = await fetch(`${shopUrl}/api/ops/faults`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${CONTROL_TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify(faults),
  });
  if (!answer.ok) throw new Error(`The shop answered ${answer.status}: ${await answer.text()}`);
}
