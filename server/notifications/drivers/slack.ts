import { type FetchFunction, IncomingWebhook, IncomingWebhookHTTPError } from '@slack/webhook';
import { type Channel, webhookSetting } from '#server/notifications/contract';
import type { NotificationDriver, SendResult } from '#server/notifications/drivers/driver';
import { slackMessage } from '#server/notifications/drivers/slack-message';
import { describeWebhook, retryAfterMs } from '#server/notifications/state';
import type { Clock } from '#server/platform/clock';
import type { Env } from '#server/platform/env';

/** What Slack answers to a message that it took. */
const TAKEN = 'ok';
/** Answers that say that the webhook is not usable, whatever the message; somebody may mend that. */
const WEBHOOK_STATES = [401, 403, 404, 408, 410];

/** Slack's incoming webhooks, one for each channel, from the settings `SLACK_WEBHOOK_<channel>`. */
export function createSlackDriver(env: Env, clock: Clock): NotificationDriver {
  const webhookOf = (channel: Channel): string | null => env[webhookSetting(channel)] ?? null;
  return {
    describe: (channel) => {
      const url = webhookOf(channel);
      return url ? describeWebhook(url) : null;
    },
    send: async (message) => {
      const url = webhookOf(message.channel);
      if (!url) throw new Error(`No webhook for ${message.channel}`);
      let status: number | null = null;
      let retryAfter: string | null = null;
      // The library's errors carry no headers, so they are read where they pass.
      const fetchKeepingHeaders: FetchFunction = async (input, init) => {
        const response = await fetch(input, init);
        status = response.status;
        retryAfter = response.headers.get('Retry-After');
        return response;
      };
      const webhook = new IncomingWebhook(url, { fetch: fetchKeepingHeaders, timeout: env.SLACK_TIMEOUT_MS });
      try {
        const { text } = await webhook.send(slackMessage(message));
        if (text.trim() === TAKEN) return { outcome: 'sent', status: status ?? 200 };
        return {
          outcome: 'again',
          status,
          reason: 'The answer was not Slack’s: it did not say that it took the message.',
        };
      } catch (error) {
        if (error instanceof IncomingWebhookHTTPError) {
          if (error.statusCode === 429) {
            return { outcome: 'wait', status: 429, waitMs: retryAfterMs(retryAfter, clock.now()) };
          }
          return answered(error.statusCode, error.body);
        }
        return unanswered(error, status, new URL(url).host, env.SLACK_TIMEOUT_MS);
      }
    },
  };
}

function answered(status: number, body: unknown): SendResult {
  // Slack's answers are one word; anything longer is somebody else's and is not shown.
  const word = typeof body === 'string' && /^[a-z_]{1,60}$/.test(body.trim()) ? `: ${body.trim()}` : '';
  if (status >= 500) return { outcome: 'again', status, reason: `Slack answered ${status}${word}.` };
  if (WEBHOOK_STATES.includes(status)) {
    return { outcome: 'again', status, reason: `Slack does not take this webhook (${status}${word}).` };
  }
  return { outcome: 'refused', status, reason: `Slack refused the message (${status}${word}).` };
}

function unanswered(error: unknown, status: number | null, host: string, timeoutMs: number): SendResult {
  const causes = causesOf(error);
  if (causes.some(({ name }) => name === 'TimeoutError')) {
    return { outcome: 'again', status, reason: `Slack did not answer within ${timeoutMs / 1_000} s.` };
  }
  const code = causes
    .map((cause) => cause.code)
    .findLast((each) => typeof each === 'string' && /^[A-Z_]+$/.test(each));
  const told = code ? ` (${code as string})` : '';
  if (code === 'ECONNREFUSED' || code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return { outcome: 'again', status, reason: `${host} could not be reached${told}.` };
  }
  return { outcome: 'again', status, reason: `The connection to ${host} ended without an answer${told}.` };
}

/** The error and what caused it, outermost first. */
function causesOf(error: unknown): { name?: unknown; code?: unknown }[] {
  const found: { name?: unknown; code?: unknown }[] = [];
  for (let each = error; typeof each === 'object' && each !== null && found.length < 10; ) {
    found.push(each);
    each = (each as { cause?: unknown }).cause;
  }
  return found;
}
