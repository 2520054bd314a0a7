import { command } from '#server/cli/ops/command';
import { IMPACTS, PUBLIC_STATES } from '#server/status/words/contract';

const load = () => import('#server/cli/ops/commands/status-page');

/** What the public is told. */
export const STATUS_PAGE = [
  command({
    path: 'incident status-page-update',
    group: 'Incidents',
    summary: 'Tell the public how an incident stands',
    details: [
      'The text is public as it is. Who does not say --impact leaves what is affected as it was told before.',
    ],
    args: [
      { name: '<incident>', text: 'its number, like INC-42 or 42; it stays inside' },
      { name: '<text...>', text: 'what the public should know' },
    ],
    options: [
      {
        flags: '--state <state>',
        text: 'how it stands; as it was told before unless told',
        choices: PUBLIC_STATES,
      },
      { flags: '--title <text>', text: 'what visitors notice; needed when the public knows nothing yet' },
      {
        flags: '--impact <impact...>',
        text: `component=impact, with ${IMPACTS.join(', ')}; for example shop-production=degraded`,
      },
      { flags: '--next <minutes>', text: 'when the next update is promised; 0 for none' },
    ],
    calls: ['getStatusComposer', 'postStatusUpdate'],
    run: async (ops, input) => (await load()).updateStatusPage(ops, input),
  }),
];
