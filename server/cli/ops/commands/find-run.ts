import type { Ops } from '#server/cli/ops/command';
import { usageFailure } from '#server/cli/ops/failure';

/** What finding a run calls. */
export type FindRunCalls = 'findRunByNumber';

const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The id of a run named by its number (`42`, `#42`) or its id. @throws OpsFailure `usage` for anything else */
export async function findRunId(ops: Ops<FindRunCalls>, given: string): Promise<string> {
  if (ID.test(given)) return given.toLowerCase();
  const number = /^#?(\d{1,9})$/.exec(given)?.[1];
  if (number === undefined) {
    throw usageFailure(
      `"${given}" is no run.`,
      'Name it by its number, like 42, or by its id. See "ops runs list".',
    );
  }
  return (await ops.call('findRunByNumber', { number: Number(number) })).id;
}
