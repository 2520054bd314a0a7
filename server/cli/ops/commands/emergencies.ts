import { type CommandInput, type Ops, textOf } from '#server/cli/ops/command';
import { findPlace, nameOf, type PlaceCalls } from '#server/cli/ops/commands/place';
import { planAndStart } from '#server/cli/ops/commands/start-run';
import type { ExitCode } from '#server/cli/ops/exit-codes';
import type { FollowCalls } from '#server/cli/ops/follow/watch';
import { askSecret } from '#server/cli/ops/prompt';
import {
  type Direction,
  type EmergencyCommand,
  type SwitchedKind,
  TOGGLE_LABELS,
} from '#server/maintenance/contract';

type Common = PlaceCalls | FollowCalls;

export function enableMaintenance(
  ops: Ops<Common | 'planToggle' | 'enableMaintenance'>,
  input: CommandInput,
): Promise<ExitCode> {
  return switched(ops, input, 'maintenance', 'on', (base) =>
    ops.call('enableMaintenance', {
      ...base,
      minutes: textOf(input, 'minutes'),
      retryAfterSeconds: textOf(input, 'retryAfter'),
      allow: textOf(input, 'allow'),
    }),
  );
}

export function disableMaintenance(
  ops: Ops<Common | 'planToggle' | 'disableMaintenance'>,
  input: CommandInput,
): Promise<ExitCode> {
  return switched(ops, input, 'maintenance', 'off', (base) => ops.call('disableMaintenance', base));
}

export function lockDown(
  ops: Ops<Common | 'planToggle' | 'lockDown'>,
  input: CommandInput,
): Promise<ExitCode> {
  return switched(ops, input, 'lockdown', 'on', async (base) =>
    ops.call('lockDown', { ...base, confirmEnvironment: base.environment, password: await askPassword(ops) }),
  );
}

export function unlock(ops: Ops<Common | 'planToggle' | 'unlock'>, input: CommandInput): Promise<ExitCode> {
  return switched(ops, input, 'lockdown', 'off', async (base) =>
    ops.call('unlock', { ...base, confirmEnvironment: base.environment, password: await askPassword(ops) }),
  );
}

/** The name was typed at the confirmation; the password proves who types. */
function askPassword(ops: Ops<never>): Promise<string> {
  return askSecret(ops.terminal, 'Your password: ');
}

async function switched(
  ops: Ops<Common | 'planToggle'>,
  input: CommandInput,
  kind: SwitchedKind,
  direction: Direction,
  send: (base: {
    service: string;
    environment: string;
    planHash: string;
    reason: string;
  }) => ReturnType<Parameters<typeof planAndStart>[2]['request']>,
): Promise<ExitCode> {
  const { service, environment } = await findPlace(ops, input.args[0]);
  const reason = textOf(input, 'reason') ?? '';
  return planAndStart(ops, input, {
    preview: () => ops.call('planToggle', { service, environment, kind, direction }),
    request: ({ planHash }) => send({ service, environment, planHash, reason }),
  });
}

export async function restart(
  ops: Ops<Common | 'planRestart' | 'requestRestart'>,
  input: CommandInput,
): Promise<ExitCode> {
  const place = await findPlace(ops, input.args[0]);
  const reason = textOf(input, 'reason');
  return planAndStart(ops, input, {
    preview: () => ops.call('planRestart', place),
    request: ({ planHash }) => ops.call('requestRestart', { ...place, planHash, reason }),
  });
}

export async function runEmergency(
  ops: Ops<Common | 'planEmergency' | 'runEmergencyCommand'>,
  input: CommandInput,
  command: EmergencyCommand,
): Promise<ExitCode> {
  const place = { ...(await findPlace(ops, input.args[0])), command };
  const reason = textOf(input, 'reason');
  return planAndStart(ops, input, {
    preview: () => ops.call('planEmergency', place),
    request: ({ planHash }) => ops.call('runEmergencyCommand', { ...place, planHash, reason }),
  });
}

export async function enhancedMode(
  ops: Ops<PlaceCalls | 'enableEnhancedMonitoring' | 'disableEnhancedMonitoring'>,
  input: CommandInput,
): Promise<undefined> {
  const { service, environment } = await findPlace(ops, input.args[0]);
  const reason = textOf(input, 'reason') ?? '';
  const toggle =
    input.options.off === true
      ? await ops.call('disableEnhancedMonitoring', { service, environment, reason })
      : await ops.call('enableEnhancedMonitoring', {
          service,
          environment,
          reason,
          minutes: textOf(input, 'minutes') ?? 60,
          intervalSeconds: textOf(input, 'interval') ?? 5,
        });
  ops.screen.show(toggle, () => [
    toggle.isOpen
      ? `Checks of ${nameOf(toggle)} run every ${toggle.intervalSeconds} s until ${toggle.expiresAt}.`
      : `Checks of ${nameOf(toggle)} run as often as every day again.`,
  ]);
  return undefined;
}

export async function securityStatus(
  ops: Ops<'listOpenToggles' | 'countSecurityEvents'>,
): Promise<undefined> {
  const { rows } = await ops.call('listOpenToggles', {});
  const counts = await ops.call('countSecurityEvents', {});
  const open = rows.flatMap(({ toggles }) => toggles).filter(({ kind }) => kind === 'lockdown');
  ops.screen.show({ lockdowns: open, events: counts }, () => [
    ...(open.length === 0 ? ['No lockdown.'] : []),
    ...open.map(
      (toggle) =>
        `${TOGGLE_LABELS.lockdown} of ${nameOf(toggle)}, ${toggle.verification}: ${toggle.reason} (${toggle.startedByName})`,
    ),
    `Security events of the last 24 hours: ${counts.total}`,
    ...counts.byKind.map(({ name, count }) => `  ${name}: ${count}`),
  ]);
  return undefined;
}
