import { command } from '#server/cli/ops/command';
import { CHANNELS, DELIVERY_STATES } from '#server/notifications/contract';

const DELIVERY = { name: '<delivery>', text: 'the id that "ops deliveries list" shows' } as const;

/** What people were told, and the channels to them. */
export const NOTIFICATIONS = [
  command({
    path: 'deliveries list',
    group: 'Notifications',
    summary: 'What was sent, waits or was skipped, and why',
    options: [
      { flags: '--state <state>', text: 'only these', choices: DELIVERY_STATES },
      { flags: '--channel <name>', text: 'only this one', choices: CHANNELS },
      { flags: '--search <text>', text: 'in subject, kind, group and reason' },
      { flags: '--limit <rows>', text: 'how many at most, up to 200' },
    ],
    calls: ['listDeliveries'],
    run: async (ops, input) =>
      (await import('#server/cli/ops/commands/notifications')).listDeliveries(ops, input),
  }),
  command({
    path: 'deliveries retry',
    group: 'Notifications',
    summary: 'Send a failed or skipped one again',
    args: [DELIVERY],
    calls: ['listDeliveries', 'retryDelivery'],
    run: async (ops, input) =>
      (await import('#server/cli/ops/commands/notifications')).retryDelivery(ops, input),
  }),
  command({
    path: 'channels list',
    group: 'Notifications',
    summary: 'Channels: where they lead and how they stand',
    calls: ['listChannels'],
    run: async (ops) => (await import('#server/cli/ops/commands/notifications')).listChannels(ops),
  }),
  command({
    path: 'channels test',
    group: 'Notifications',
    summary: 'Send a real test notification',
    args: [{ name: '<channel>', text: `one of ${CHANNELS.join(', ')}` }],
    calls: ['testChannel', 'getDelivery'],
    run: async (ops, input) =>
      (await import('#server/cli/ops/commands/notifications')).testChannel(ops, input),
  }),
];
