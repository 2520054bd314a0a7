import type { IncomingWebhookSendArguments } from '@slack/webhook';
import type { Message } from '#server/notifications/drivers/driver';
import { mentionText } from '#server/notifications/state';

/** What Slack takes of each part, in characters. */
const HEADER_MAX = 150;
const SECTION_MAX = 3_000;
const FIELD_MAX = 2_000;
const FIELDS_IN_SECTION = 10;
const CONTEXT_MAX = 2_000;

type Block = NonNullable<IncomingWebhookSendArguments['blocks']>[number];

/**
 * A notification in Slack's blocks: title, whom it rings, text, figures, the way back, and the key by which two messages
 * are known to be one. What is longer than Slack takes is cut with an ellipsis.
 */
export function slackMessage(message: Message): IncomingWebhookSendArguments {
  const title = message.isResolved ? `Resolved: ${message.subject}` : message.subject;
  const mentions = message.mentions.map(({ handle, slackId }) => mentionText(handle, slackId)).join(' ');
  const blocks: Block[] = [
    { type: 'header', text: { type: 'plain_text', text: cut(title, HEADER_MAX), emoji: false } },
  ];
  if (mentions) blocks.push(section(mentions));
  if (message.text) blocks.push(section(cut(escapeText(message.text), SECTION_MAX)));
  for (let at = 0; at < message.fields.length; at += FIELDS_IN_SECTION) {
    blocks.push({
      type: 'section',
      fields: message.fields.slice(at, at + FIELDS_IN_SECTION).map(({ name, value }) => ({
        type: 'mrkdwn',
        text: cut(`*${escapeText(name)}*\n${escapeText(value) || '–'}`, FIELD_MAX),
        verbatim: true,
      })),
    });
  }
  if (message.url) blocks.push(section(`<${escapeText(message.url)}|Open in the console>`));
  const about = [message.channel, message.kind, message.createdAt.toISOString(), message.idempotencyKey];
  blocks.push({
    type: 'context',
    elements: [{ type: 'plain_text', text: cut(about.join(' · '), CONTEXT_MAX), emoji: false }],
  });
  return {
    // What a phone's notification and a screen reader say.
    text: cut([mentions, escapeText(title)].filter(Boolean).join(' '), SECTION_MAX),
    blocks,
    unfurl_links: false,
    unfurl_media: false,
    metadata: {
      event_type: 'ops_notification',
      event_payload: { idempotency_key: message.idempotencyKey, notification_id: message.notificationId },
    },
  };
}

function section(text: string): Block {
  return { type: 'section', text: { type: 'mrkdwn', text, verbatim: true } };
}

/** Slack's control characters: a text of somebody else rings nobody and links nowhere. */
function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** Cuts between characters, and never within an escaped one. */
function cut(text: string, max: number): string {
  const characters = [...text];
  if (characters.length <= max) return text;
  return `${characters
    .slice(0, max - 1)
    .join('')
    .replace(/&[a-z]{0,3}$/, '')}…`;
}
