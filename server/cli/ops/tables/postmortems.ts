import { command } from '#server/cli/ops/command';
import { DUE_GROUPS, POSTMORTEM_VIEWS } from '#server/postmortems/words/contract';

const INCIDENT = { name: '<incident>', text: 'the number of its incident, like INC-42 or 42' } as const;
const group = 'Incidents';
const load = () => import('#server/cli/ops/commands/postmortems');

/** What an incident teaches, and what is done about it. */
export const POSTMORTEMS = [
  command({
    path: 'postmortem list',
    group,
    summary: 'What waits for a review, or lacks one',
    options: [
      {
        flags: '--view <view>',
        text: 'review unless told; missing: of level 1 and 2 without one',
        choices: POSTMORTEM_VIEWS,
      },
      { flags: '--search <words>', text: 'part of the title of the incident' },
      { flags: '--limit <rows>', text: 'how many at most, up to 200' },
    ],
    calls: ['listPostmortems'],
    run: async (ops, input) => (await load()).listPostmortems(ops, input),
  }),
  command({
    path: 'postmortem show',
    group,
    summary: 'One post-mortem: its text, who decided, and what is to be done',
    args: [INCIDENT],
    calls: ['getPostmortem'],
    run: async (ops, input) => (await load()).showPostmortem(ops, input),
  }),
  command({
    path: 'postmortem export',
    group,
    summary: 'A post-mortem as a Markdown document, with the timeline',
    details: ['For example: ops postmortem export INC-42 > post-mortem.md'],
    args: [INCIDENT],
    calls: ['exportPostmortem'],
    run: async (ops, input) => (await load()).exportPostmortem(ops, input),
  }),
  command({
    path: 'action-items list',
    group,
    summary: 'What is to be done, by when it is due',
    options: [
      { flags: '--group <group>', text: 'only these', choices: DUE_GROUPS },
      { flags: '--owner <email>', text: 'only of this person, or me' },
      { flags: '--limit <rows>', text: 'how many at most, up to 200' },
    ],
    calls: ['listActionItems'],
    run: async (ops, input) => (await load()).listActionItems(ops, input),
  }),
];
