import { setTimeout as delay } from 'node:timers/promises';
import { type CommandInput, type Ops, textOf } from '#server/cli/ops/command';
import { findById, shortId } from '#server/cli/ops/commands/find-by-id';
import { pageSizeOf, rowsOf, showRows } from '#server/cli/ops/commands/rows';
import { EXIT } from '#server/cli/ops/exit-codes';
import { OpsFailure, usageFailure } from '#server/cli/ops/failure';
import { age } from '#server/cli/ops/output/format';
import type { State } from '#server/cli/ops/output/paint';
import type { Column } from '#server/cli/ops/output/table';
import {
  CHANNELS,
  type Channel,
  type ChannelView,
  DELIVERY_STATE_LABELS,
  DELIVERY_STATES,
  type DeliveryState,
  type DeliverySummary,
  isOpen,
} from '#server/notifications/contract';

const STATES: Record<DeliveryState, State> = {
  pending: 'warning',
  sending: 'active',
  sent: 'ok',
  failed: 'critical',
  skipped: 'quiet',
};
/** How long `channels test` waits for the answer. */
const TEST_WAIT_MS = 15_000;
const TEST_LOOK_MS = 300;

export async function listDeliveries(ops: Ops<'listDeliveries'>, input: CommandInput): Promise<undefined> {
  const rows = rowsOf(input, 20);
  const found = await ops.call('listDeliveries', {
    state: DELIVERY_STATES.find((each) => each === textOf(input, 'state')),
    channel: CHANNELS.find((each) => each === textOf(input, 'channel')),
    search: textOf(input, 'search'),
    pageSize: pageSizeOf(rows),
  });
  const { now } = ops.screen;
  const columns: Column<DeliverySummary>[] = [
    { title: 'Id', cell: (delivery) => shortId(delivery.notificationId) },
    { title: 'State', cell: ({ state }) => ({ state: STATES[state], text: DELIVERY_STATE_LABELS[state] }) },
    { title: 'Channel', cell: (delivery) => delivery.channel },
    { title: 'What', cell: (delivery) => delivery.subject, flexible: true },
    { title: 'Why', cell: (delivery) => delivery.reason ?? '', flexible: true },
    { title: 'Tries', cell: (delivery) => String(delivery.attempts), right: true },
    { title: 'Age', cell: (delivery) => age(delivery.createdAt, now), right: true },
  ];
  showRows(ops.screen, found, rows, columns, 'No notification is like that.');
  return undefined;
}

export async function retryDelivery(
  ops: Ops<'listDeliveries' | 'retryDelivery'>,
  input: CommandInput,
): Promise<undefined> {
  const given = input.args[0] ?? '';
  const [failed, skipped] = await Promise.all(
    (['failed', 'skipped'] as const).map((state) => ops.call('listDeliveries', { state, pageSize: 200 })),
  );
  const rows = [...(failed?.rows ?? []), ...(skipped?.rows ?? [])].map((row) => ({
    ...row,
    id: row.notificationId,
  }));
  // One that is older than those listed is named whole.
  const isWhole = /^[0-9a-f-]{36}$/i.test(given);
  const notificationId = isWhole
    ? given
    : findById(rows, given, { what: 'failed or skipped notification', list: 'ops deliveries list' }).id;
  await ops.call('retryDelivery', { notificationId });
  ops.screen.show({ notificationId, state: 'pending' }, () => [
    `It is sent again: "ops deliveries list" shows what becomes of it.`,
  ]);
  return undefined;
}

export async function listChannels(ops: Ops<'listChannels'>): Promise<undefined> {
  const found = await ops.call('listChannels', {});
  const { now } = ops.screen;
  const columns: Column<ChannelView>[] = [
    { title: 'Channel', cell: ({ channel }) => channel },
    { title: 'State', cell: stateOf },
    {
      title: 'Leads to',
      cell: ({ webhook, setting }) =>
        webhook ? `${webhook.host} (${webhook.fingerprint})` : `nowhere: set ${setting}`,
      flexible: true,
    },
    { title: 'Why', cell: ({ muted, hold }) => muted?.reason ?? hold?.reason ?? '', flexible: true },
    { title: 'Waiting', cell: ({ waiting }) => String(waiting), right: true },
    { title: 'Last sent', cell: ({ lastSentAt }) => (lastSentAt ? age(lastSentAt, now) : ''), right: true },
  ];
  ops.screen.table(found, found.rows, columns, 'There is no channel.');
  return undefined;
}

function stateOf({ webhook, muted, hold }: ChannelView): { state: State; text: string } {
  if (!webhook) return { state: 'warning', text: 'not set' };
  if (muted) return { state: 'warning', text: 'muted' };
  return hold ? { state: 'warning', text: 'waits' } : { state: 'ok', text: 'on' };
}

/** Sends a test and tells what became of it; fails when it was not sent. */
export async function testChannel(
  ops: Ops<'testChannel' | 'getDelivery'>,
  input: CommandInput,
): Promise<undefined> {
  const channel = channelOf(input.args[0] ?? '');
  const { notificationId } = await ops.call('testChannel', { channel });
  const until = Date.now() + TEST_WAIT_MS;
  let delivery = await ops.call('getDelivery', { notificationId }).catch((error: unknown) => {
    if (!(error instanceof OpsFailure) || error.exitCode !== EXIT.denied) throw error;
    throw new OpsFailure(
      EXIT.denied,
      `The test to ${channel} is on its way, but you may not look at what becomes of it.`,
      { kind: error.kind, hint: error.hint },
    );
  });
  while (isOpen(delivery.state) && delivery.attempts < 2 && Date.now() < until) {
    await delay(TEST_LOOK_MS);
    delivery = await ops.call('getDelivery', { notificationId });
  }
  if (delivery.state !== 'sent') {
    const { state, reason } = delivery;
    throw new OpsFailure(
      EXIT.unavailable,
      `The test to ${channel} was not sent (${DELIVERY_STATE_LABELS[state].toLowerCase()}): ${reason ?? 'it waits for a worker.'}`,
      { kind: 'not_sent', hint: 'See "ops deliveries list".' },
    );
  }
  ops.screen.show(delivery, () => [`${channel} took the test.`]);
  return undefined;
}

function channelOf(given: string): Channel {
  const channel = CHANNELS.find((each) => each === given.toUpperCase());
  if (!channel) throw usageFailure(`There is no channel "${given}".`, `Channels: ${CHANNELS.join(', ')}.`);
  return channel;
}
