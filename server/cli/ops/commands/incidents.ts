import type { InputOf } from '#server/api/operations';
import { type CommandInput, type Ops, textOf } from '#server/cli/ops/command';
import { readImages } from '#server/cli/ops/commands/image-files';
import { incidentNumberOf } from '#server/cli/ops/commands/incident-number';
import { pageSizeOf, rowsOf, showRows } from '#server/cli/ops/commands/rows';
import { usageFailure } from '#server/cli/ops/failure';
import { age, clean, duration, minute } from '#server/cli/ops/output/format';
import type { State } from '#server/cli/ops/output/paint';
import type { Column } from '#server/cli/ops/output/table';
import type { IncidentEntryView, IncidentSummary } from '#server/incidents/contract';
import {
  INCIDENT_LEVEL_CONSEQUENCES,
  INCIDENT_LEVEL_LABELS,
  INCIDENT_ROLE_LABELS,
  INCIDENT_STATE_LABELS,
  type IncidentLevel,
  type IncidentState,
} from '#server/incidents/words/contract';

const LEVELS: Record<IncidentLevel, State> = { 1: 'critical', 2: 'warning', 3: 'quiet', 4: 'quiet' };

function stateOf({ state, level }: IncidentSummary): State {
  return state === 'resolved' ? 'ok' : LEVELS[level];
}

/** The time of `--at`: a time of today in UTC, or a whole one. @throws OpsFailure `usage` */
function timeOf(input: CommandInput, nowMs: number): string | undefined {
  const given = textOf(input, 'at');
  if (given === undefined) return undefined;
  const today = new Date(nowMs).toISOString().slice(0, 10);
  const whole = /^\d{1,2}:\d{2}(:\d{2})?$/.test(given) ? `${today}T${given.padStart(5, '0')}Z` : given;
  const at = /T.*(Z|[+-]\d{2}:\d{2})$/i.test(whole) ? Date.parse(whole) : Number.NaN;
  if (!Number.isNaN(at)) return new Date(at).toISOString();
  throw usageFailure(
    `--at: "${given}" is no time.`,
    'Write 14:05 for a time of today in UTC, or 2026-03-01T14:05Z.',
  );
}

export async function startIncident(ops: Ops<'declareIncident'>, input: CommandInput): Promise<undefined> {
  let title = input.args.join(' ').trim();
  if (title === '') {
    if (!ops.canAsk)
      throw usageFailure('Say what is wrong.', 'For example: ops incident start Checkout fails');
    title = await ops.ask('What is wrong? ');
  }
  const [service, environment, ...more] = (textOf(input, 'environment') ?? '').split('/');
  if (more.length > 0)
    throw usageFailure('--environment: name it as service/environment, or a service alone.');
  const incident = await ops.call('declareIncident', {
    title,
    level: textOf(input, 'level'),
    service: service || undefined,
    environment: environment || undefined,
    startedAt: timeOf(input, ops.screen.now),
  });
  ops.screen.show(incident, () => [
    `${incident.name} is open at level ${incident.level}, ${INCIDENT_LEVEL_LABELS[incident.level].toLowerCase()}. You command it.`,
    INCIDENT_LEVEL_CONSEQUENCES[incident.level],
  ]);
  return undefined;
}

export async function noteIncident(
  ops: Ops<'addIncidentNote' | 'addIncidentImages'>,
  input: CommandInput,
): Promise<undefined> {
  const number = incidentNumberOf(input);
  const text = input.args.slice(1).join(' ');
  const occurredAt = timeOf(input, ops.screen.now);
  const files = [input.options.image ?? []].flat().map(String);
  const alt = textOf(input, 'alt');
  if (files.length === 0 && text === '')
    throw usageFailure(
      'Say what happened.',
      'For example: ops incident note INC-42 The provider answers 503',
    );
  if (files.length === 0 && alt !== undefined) throw usageFailure('--alt goes with --image.');
  const entry =
    files.length === 0
      ? await ops.call('addIncidentNote', { number, text, occurredAt })
      : await ops.call('addIncidentImages', {
          number,
          text,
          alt,
          occurredAt,
          images: await readImages(files),
        });
  ops.screen.show(entry, () => [
    `Noted in INC-${entry.incidentNumber} at ${minute(entry.occurredAt)}: ${clean(entry.text)}`,
    ...entry.images.map(({ fileName, width, height }) => `  ${clean(fileName)}, ${width} × ${height} pixels`),
  ]);
  return undefined;
}

export async function updateIncident(
  ops: Ops<'getIncident' | 'changeIncidentState' | 'changeIncidentLevel'>,
  input: CommandInput,
): Promise<undefined> {
  const number = incidentNumberOf(input);
  const state = textOf(input, 'state') as IncidentState | undefined;
  const level = textOf(input, 'level');
  const reason = textOf(input, 'reason');
  if (state === undefined && level === undefined)
    throw usageFailure('Say what changes.', 'For example: ops incident update INC-42 --state identified');
  if (level !== undefined && reason === undefined)
    throw usageFailure('Say why the level changes, with --reason.');
  const seen = await ops.call('getIncident', { number });
  let incident: IncidentSummary = seen;
  if (level !== undefined) {
    const { version } = incident;
    incident = await ops.call('changeIncidentLevel', { number, version, level, reason: reason ?? '' });
  }
  if (state !== undefined) {
    const { version } = incident;
    // A reason that was given for a level is told once.
    const note = level === undefined ? reason : undefined;
    incident = await ops.call('changeIncidentState', { number, version, state, note });
  }
  showChanged(ops, incident);
  return undefined;
}

export async function resolveIncident(
  ops: Ops<'getIncident' | 'changeIncidentState'>,
  input: CommandInput,
): Promise<undefined> {
  const number = incidentNumberOf(input);
  const occurredAt = timeOf(input, ops.screen.now);
  const { version } = await ops.call('getIncident', { number });
  const incident = await ops.call('changeIncidentState', {
    number,
    version,
    state: 'resolved',
    note: textOf(input, 'note'),
    occurredAt,
  });
  showChanged(ops, incident);
  return undefined;
}

function showChanged({ screen }: Pick<Ops, 'screen'>, incident: IncidentSummary): void {
  screen.show(incident, () => [
    `${incident.name} is ${incident.state} at level ${incident.level}${
      incident.state === 'resolved' ? `, after ${duration(incident.durationMs)}` : ''
    }.`,
  ]);
}

/** The filter of a saved view. @throws OpsFailure `usage` */
async function filterOf(
  ops: Ops<'listViews'>,
  name: string | undefined,
): Promise<Partial<InputOf<'listIncidents'>>> {
  if (name === undefined) return {};
  const { rows } = await ops.call('listViews', { list: 'incidents' });
  const view = rows.find((each) => each.name.toLowerCase() === name.toLowerCase());
  if (view) return Object.fromEntries(new URLSearchParams(view.query)) as Partial<InputOf<'listIncidents'>>;
  const names = rows.map((each) => clean(each.name)).join(', ');
  throw usageFailure(
    `You have no view "${name}".`,
    names === '' ? 'Save one on the page of incidents.' : `There are: ${names}.`,
  );
}

export async function listIncidents(
  ops: Ops<'listIncidents' | 'listViews'>,
  input: CommandInput,
): Promise<undefined> {
  const rows = rowsOf(input, 20);
  const view = await filterOf(ops, textOf(input, 'view'));
  const state = textOf(input, 'state') ?? (textOf(input, 'view') === undefined ? 'open' : view.state);
  const found = await ops.call('listIncidents', {
    ...view,
    state: state === 'all' ? undefined : (state as IncidentState | 'open' | undefined),
    level: textOf(input, 'level') ?? view.level,
    service: textOf(input, 'service') ?? view.service,
    search: textOf(input, 'search') ?? view.search,
    mine: input.options.mine === true ? true : view.mine,
    pageSize: pageSizeOf(rows),
  });
  const { now } = ops.screen;
  const columns: Column<IncidentSummary>[] = [
    { title: 'Incident', cell: ({ name }) => name },
    {
      title: 'State',
      cell: (incident) => ({
        state: stateOf(incident),
        text: INCIDENT_STATE_LABELS[incident.state].toLowerCase(),
      }),
    },
    { title: 'Level', cell: ({ level }) => `${level} ${INCIDENT_LEVEL_LABELS[level].toLowerCase()}` },
    { title: 'Title', cell: ({ title }) => clean(title), flexible: true },
    { title: 'Where', cell: whereOf, flexible: true },
    { title: 'Began', cell: ({ startedAt }) => age(startedAt, now), right: true },
    { title: 'Lasted', cell: (incident) => duration(incident.durationMs), right: true },
    { title: 'Commander', cell: ({ commanderName }) => clean(commanderName ?? 'nobody') },
  ];
  const empty = state === 'open' ? 'No incident is open.' : 'There is no such incident.';
  showRows(ops.screen, found, rows, columns, empty);
  return undefined;
}

function whereOf({ service, environment }: IncidentSummary): string {
  return environment ? `${service}/${environment}` : (service ?? '');
}

export async function showIncident(
  ops: Ops<'getIncident' | 'listPinnedEntries' | 'listTimeline'>,
  input: CommandInput,
): Promise<undefined> {
  const given = incidentNumberOf(input);
  const rows = rowsOf(input, 50);
  const incident = await ops.call('getIncident', { number: given });
  const { number } = incident;
  const { rows: pinned } = await ops.call('listPinnedEntries', { number });
  const timeline = await ops.call('listTimeline', {
    number,
    system: input.options.system === false ? 'hide' : 'show',
    pageSize: pageSizeOf(rows),
  });
  const entries = timeline.rows.slice(0, rows).reverse();
  const { paint } = ops.screen;
  const line = ({ id, occurredAt, authorName, text, correctedById, images }: IncidentEntryView) => {
    const shown = images.length > 0 ? ` [${images.map(({ fileName }) => clean(fileName)).join(', ')}]` : '';
    const mark = correctedById ? ' (corrected)' : '';
    return `  ${minute(occurredAt)}  #${id}  ${clean(authorName)}: ${clean(text)}${shown}${mark}`;
  };
  ops.screen.show({ ...incident, pinned, timeline: { ...timeline, rows: entries } }, () => [
    `${paint(stateOf(incident), INCIDENT_STATE_LABELS[incident.state])}  ${incident.name}  ${clean(incident.title)}  ${whereOf(incident)}`,
    `Level ${incident.level}: ${incident.consequence}`,
    `Began ${minute(incident.startedAt)}, lasted ${duration(incident.durationMs)}${incident.resolvedAt ? '' : ' so far'}.`,
    ...incident.roles
      .filter(({ until }) => until === null)
      .map(({ role, personName }) => `  ${INCIDENT_ROLE_LABELS[role]}: ${clean(personName)}`),
    ...(number === given ? [] : [`INC-${given} was merged into it.`]),
    ...(pinned.length > 0 ? ['Pinned:', ...pinned.map(line), 'Timeline:'] : []),
    ...entries.map(line),
  ]);
  if (!ops.screen.json && timeline.total > entries.length)
    ops.screen.notice(`The last ${entries.length} of ${timeline.total} entries; more with --limit.`);
  return undefined;
}
