import { type CommandInput, type Ops, textOf } from '#server/cli/ops/command';
import { findPlace, nameOf, type PlaceCalls } from '#server/cli/ops/commands/place';
import { EXIT } from '#server/cli/ops/exit-codes';
import { OpsFailure } from '#server/cli/ops/failure';
import { clean } from '#server/cli/ops/output/format';

export async function lock(
  ops: Ops<PlaceCalls | 'lockEnvironment'>,
  input: CommandInput,
): Promise<undefined> {
  const place = await findPlace(ops, input.args[0]);
  const made = await ops.call('lockEnvironment', { ...place, reason: textOf(input, 'reason') ?? '' });
  ops.screen.show(made, () => [`${nameOf(place)} is locked: deploys are refused, rollbacks are not.`]);
  return undefined;
}

export async function unlock(
  ops: Ops<PlaceCalls | 'getEnvironment' | 'liftLock'>,
  input: CommandInput,
): Promise<undefined> {
  const place = await findPlace(ops, input.args[0]);
  const { lock } = await ops.call('getEnvironment', place);
  if (!lock) {
    throw new OpsFailure(EXIT.refused, `${nameOf(place)} is not locked. Nothing was changed.`, {
      kind: 'conflict',
    });
  }
  await ops.call('liftLock', { ...place, lockId: lock.id, reason: textOf(input, 'reason') ?? '' });
  ops.screen.show({ ...place, lifted: lock }, () => [
    `${nameOf(place)} is open for deploys again; it was locked by ${clean(lock.lockedByName)}: ${clean(lock.reason)}`,
  ]);
  return undefined;
}
