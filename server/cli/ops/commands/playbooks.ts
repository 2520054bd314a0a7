import { type CommandInput, type Ops, textOf } from '#server/cli/ops/command';
import { incidentNumberOf } from '#server/cli/ops/commands/incident-number';
import { findPlace, type PlaceCalls } from '#server/cli/ops/commands/place';
import { clean, minute } from '#server/cli/ops/output/format';
import type { State } from '#server/cli/ops/output/paint';
import type {
  DamageFacts,
  IncidentPlaybook,
  IncidentStepView,
  RestoreFacts,
} from '#server/incidents/playbooks/contract';
import {
  RESTORE_WAY_LABELS,
  STEP_STATE_LABELS,
  type StepState,
} from '#server/incidents/playbooks/words/contract';

const LOOKS: Record<StepState, State> = {
  open: 'quiet',
  running: 'warning',
  done: 'ok',
  skipped: 'quiet',
  failed: 'critical',
};

type Screen = Ops['screen'];

function stepLines({ paint }: Screen, { steps, done }: IncidentPlaybook): string[] {
  return [
    `${done} of ${steps.length} steps are dealt with.`,
    ...steps.map((step: IncidentStepView) => {
      const by = step.byName === null ? '' : `, ${clean(step.byName)}`;
      return `  ${paint(LOOKS[step.state], STEP_STATE_LABELS[step.state].toLowerCase().padEnd(10))}  ${clean(step.title)}${by}`;
    }),
  ];
}

function damageLines({ paint }: Screen, { places, notMeasured }: DamageFacts): string[] {
  const figure = (value: number | null, unit: string) =>
    value === null ? 'not known' : `${Number(value.toPrecision(3))}${unit}`;
  return [
    ...places.flatMap((place) => [
      `${place.service}/${place.environment}: ${place.checksFailing} of ${place.checksTotal} checks fail`,
      `  errors ${figure(place.errorPercent, ' %')}, 95 % of answers within ${figure(place.latencyP95Ms, ' ms')}, ${figure(place.requestsPerSecond, ' requests/s')}`,
      ...place.endpoints.map(
        ({ route, errorPercent, requestsPerSecond }) =>
          `  ${paint('critical', clean(route))}  errors ${figure(errorPercent, ' %')}, ${figure(requestsPerSecond, ' requests/s')}`,
      ),
      ...place.checks
        .filter(({ state }) => state === 'failed' || state === 'not_run')
        .map(
          ({ title, state, message }) =>
            `  ${paint(state === 'failed' ? 'critical' : 'warning', clean(title))}  ${clean(message ?? '')}`,
        ),
      ...place.alerts.map(({ title, severity }) => `  alert: ${clean(title)} (${severity})`),
      ...place.changes
        .slice(0, 5)
        .map(({ number, title, status, at }) => `  ${minute(at)}  #${number} ${clean(title)}, ${status}`),
      ...place.notMeasured.map((each) => `  not measured: ${clean(each)}`),
    ]),
    ...notMeasured.map(clean),
  ];
}

function restoreLines({ paint }: Screen, { places, notMeasured }: RestoreFacts, url: string): string[] {
  return [
    ...places.flatMap(({ service, environment, options }) => [
      `${service}/${environment}:`,
      ...options.map(({ way, isPossible, words, path }) => {
        const name = RESTORE_WAY_LABELS[way].padEnd(16);
        return `  ${paint(isPossible ? 'ok' : 'quiet', name)}  ${isPossible ? `${clean(words)}: ${new URL(path, url).href}` : `not now: ${clean(words)}`}`;
      }),
    ]),
    ...notMeasured.map(clean),
    'Nothing was started.',
  ];
}

export async function alertCritical(ops: Ops<'runIncidentAction'>, input: CommandInput): Promise<undefined> {
  const number = incidentNumberOf(input);
  const playbook = await ops.call('runIncidentAction', { number, action: 'alert-critical' });
  ops.screen.show(playbook, () => [
    `CRITICAL is told of INC-${playbook.number}.`,
    ...stepLines(ops.screen, playbook),
  ]);
  return undefined;
}

export async function assessIncident(ops: Ops<'runIncidentAction'>, input: CommandInput): Promise<undefined> {
  const number = incidentNumberOf(input);
  const playbook = await ops.call('runIncidentAction', { number, action: 'assess-damage' });
  ops.screen.show(playbook, () => [
    `Assessed, and in the timeline of INC-${playbook.number}.`,
    ...(playbook.damage ? damageLines(ops.screen, playbook.damage.facts) : []),
    ...stepLines(ops.screen, playbook),
  ]);
  return undefined;
}

export async function noteWorkaround(ops: Ops<'noteWorkaround'>, input: CommandInput): Promise<undefined> {
  const number = incidentNumberOf(input);
  const playbook = await ops.call('noteWorkaround', { number, text: input.args.slice(1).join(' ') });
  ops.screen.show(playbook, () => [
    `The workaround is in the timeline of INC-${playbook.number}.`,
    ...stepLines(ops.screen, playbook),
  ]);
  return undefined;
}

export async function scheduleFix(ops: Ops<'scheduleIncidentFix'>, input: CommandInput): Promise<undefined> {
  const playbook = await ops.call('scheduleIncidentFix', {
    number: incidentNumberOf(input),
    text: input.args.slice(1).join(' '),
    dueOn: textOf(input, 'due'),
    email: textOf(input, 'owner'),
  });
  ops.screen.show(playbook, () => [
    `The fix is scheduled${playbook.hasActionItem ? ', as an action item of the post-mortem' : `, in the timeline of INC-${playbook.number}; its post-mortem will have it as an action item`}.`,
    ...stepLines(ops.screen, playbook),
  ]);
  return undefined;
}

const whereTo = (number: number | null): string =>
  number === null
    ? 'No incident is open there; it is kept by itself.'
    : `It is in the timeline of INC-${number}.`;

export async function assessDamage(
  ops: Ops<PlaceCalls | 'assessDamage'>,
  input: CommandInput,
): Promise<undefined> {
  const assessed = await ops.call('assessDamage', await findPlace(ops, input.args[0]));
  ops.screen.show(assessed, () => [
    ...damageLines(ops.screen, assessed.facts),
    whereTo(assessed.incidentNumber),
  ]);
  return undefined;
}

export async function restoreService(
  ops: Ops<PlaceCalls | 'proposeRestore'>,
  input: CommandInput,
): Promise<undefined> {
  const proposed = await ops.call('proposeRestore', await findPlace(ops, input.args[0]));
  ops.screen.show(proposed, () => [
    ...restoreLines(ops.screen, proposed.facts, ops.settings.url),
    whereTo(proposed.incidentNumber),
  ]);
  return undefined;
}
