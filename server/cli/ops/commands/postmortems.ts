import { type CommandInput, type Ops, textOf } from '#server/cli/ops/command';
import { incidentNumberOf } from '#server/cli/ops/commands/incident-number';
import { pageSizeOf, rowsOf, showRows } from '#server/cli/ops/commands/rows';
import { age, clean, duration, minute } from '#server/cli/ops/output/format';
import type { State } from '#server/cli/ops/output/paint';
import type { Column } from '#server/cli/ops/output/table';
import { INCIDENT_LEVEL_LABELS } from '#server/incidents/words/contract';
import type { ActionItemView, PostmortemRow } from '#server/postmortems/contract';
import {
  ACTION_ITEM_STATE_LABELS,
  DECISION_LABELS,
  DUE_GROUP_LABELS,
  type DueGroup,
  POSTMORTEM_STATE_LABELS,
  type PostmortemState,
  type PostmortemView,
  PRIORITY_LABELS,
  SECTION_KEYS,
  SECTION_TITLES,
} from '#server/postmortems/words/contract';

const STATES: Record<PostmortemState, State> = {
  draft: 'quiet',
  in_review: 'warning',
  approved: 'ok',
  published: 'ok',
};
const GROUPS: Record<DueGroup, State> = { overdue: 'critical', week: 'warning', later: 'quiet', ended: 'ok' };

export async function listPostmortems(ops: Ops<'listPostmortems'>, input: CommandInput): Promise<undefined> {
  const rows = rowsOf(input, 20);
  const view = (textOf(input, 'view') ?? 'review') as PostmortemView;
  const found = await ops.call('listPostmortems', {
    view,
    search: textOf(input, 'search'),
    pageSize: pageSizeOf(rows),
  });
  const { now } = ops.screen;
  const columns: Column<PostmortemRow>[] = [
    { title: 'Incident', cell: ({ incidentName }) => incidentName },
    {
      title: 'State',
      cell: ({ state }) =>
        state
          ? { state: STATES[state], text: POSTMORTEM_STATE_LABELS[state].toLowerCase() }
          : { state: 'critical', text: 'not begun' },
    },
    { title: 'Level', cell: ({ level }) => `${level} ${INCIDENT_LEVEL_LABELS[level].toLowerCase()}` },
    { title: 'Title', cell: ({ title }) => clean(title), flexible: true },
    {
      title: 'Resolved',
      cell: ({ resolvedAt }) => (resolvedAt ? age(resolvedAt, now) : 'open'),
      right: true,
    },
    { title: 'To do', cell: ({ openItems }) => String(openItems), right: true },
  ];
  const empty: Record<PostmortemView, string> = {
    review: 'No post-mortem waits for a review.',
    missing: 'Every incident of level 1 and 2 has been reviewed.',
    all: 'There is no post-mortem yet.',
  };
  showRows(ops.screen, found, rows, columns, empty[view]);
  return undefined;
}

export async function showPostmortem(ops: Ops<'getPostmortem'>, input: CommandInput): Promise<undefined> {
  const postmortem = await ops.call('getPostmortem', { number: incidentNumberOf(input) });
  const { state, incidentName, title, level, durationMs, revision, sections, decisions, items } = postmortem;
  const { publishedRevision } = postmortem;
  const published =
    publishedRevision === null || publishedRevision === revision
      ? ''
      : `, revision ${publishedRevision} is published`;
  const { paint } = ops.screen;
  ops.screen.show(postmortem, () => [
    `${paint(STATES[state], POSTMORTEM_STATE_LABELS[state])}  ${incidentName}  ${clean(title)}`,
    `Level ${level}, lasted ${duration(durationMs)}. Revision ${revision}${published}.`,
    ...SECTION_KEYS.filter((key) => sections[key].trim() !== '').flatMap((key) => [
      '',
      SECTION_TITLES[key],
      ...sections[key]
        .trim()
        .split('\n')
        .map((line) => `  ${clean(line)}`),
    ]),
    ...(items.length > 0 ? ['', 'Action items'] : []),
    ...items.map(
      (item) =>
        `  ${paint(GROUPS[item.group], ACTION_ITEM_STATE_LABELS[item.state])}  ${clean(item.title)}, ${clean(item.ownerName)}, due ${item.dueOn}`,
    ),
    ...(decisions.length > 0 ? ['', 'Decisions'] : []),
    ...decisions.map(
      (each) =>
        `  ${minute(each.decidedAt)}  ${clean(each.personName)} ${DECISION_LABELS[each.kind]}, revision ${each.revision}${each.reason ? `: ${clean(each.reason)}` : ''}`,
    ),
  ]);
  return undefined;
}

export async function exportPostmortem(
  ops: Ops<'exportPostmortem'>,
  input: CommandInput,
): Promise<undefined> {
  const document = await ops.call('exportPostmortem', { number: incidentNumberOf(input) });
  ops.screen.show(document, () => document.markdown.trimEnd().split('\n').map(clean));
  return undefined;
}

export async function listActionItems(ops: Ops<'listActionItems'>, input: CommandInput): Promise<undefined> {
  const rows = rowsOf(input, 20);
  const found = await ops.call('listActionItems', {
    group: textOf(input, 'group') as DueGroup | undefined,
    owner: textOf(input, 'owner'),
    pageSize: pageSizeOf(rows),
  });
  const columns: Column<ActionItemView>[] = [
    { title: 'Due', cell: ({ dueOn }) => dueOn },
    {
      title: 'When',
      cell: ({ group }) => ({ state: GROUPS[group], text: DUE_GROUP_LABELS[group].toLowerCase() }),
    },
    { title: 'State', cell: ({ state }) => ACTION_ITEM_STATE_LABELS[state].toLowerCase() },
    { title: 'Priority', cell: ({ priority }) => PRIORITY_LABELS[priority].toLowerCase() },
    { title: 'What', cell: ({ title }) => clean(title), flexible: true },
    { title: 'Owner', cell: ({ ownerName }) => clean(ownerName), flexible: true },
    { title: 'Incident', cell: ({ incidentName }) => incidentName },
  ];
  showRows(ops.screen, found, rows, columns, 'There is nothing to be done.');
  return undefined;
}
