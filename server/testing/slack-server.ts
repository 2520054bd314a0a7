import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CHANNELS, type Channel, webhookSetting } from '#server/notifications/contract';

/** How the server behaves towards one message. `hang` takes it and never answers; `drop` takes it and hangs up. */
export type SlackMood =
  | 'ok'
  | 'hang'
  | 'drop'
  | { slowMs: number }
  | { status: number; body?: string; headers?: Record<string, string> };

export interface SlackMessageSeen {
  channel: Channel;
  key: string;
  body: {
    text: string;
    blocks: {
      type: string;
      text?: { text: string };
      fields?: { text: string }[];
      elements?: { text: string }[];
    }[];
  };
  at: number;
  /** It was answered with Slack's `ok`. */
  taken: boolean;
}

/** Slack's incoming webhooks on this machine: it keeps what it receives and answers as it is told to. */
export interface SlackServer {
  /** Settings that lead every channel here. */
  env: Record<string, string>;
  /** The secret part of the addresses. */
  secret: string;
  /** Everything that came in, also what was refused, in order. */
  seen: SlackMessageSeen[];
  /** Sets how it answers from now on; a function is asked for each message. */
  behave(mood: SlackMood | ((message: SlackMessageSeen) => SlackMood)): void;
  /** The keys of what it took, in order. */
  taken(): string[];
  close(): Promise<void>;
}

export async function startSlackServer(): Promise<SlackServer> {
  const secret = 'B0SECRET0HOOK/xyzzysecretpart';
  const seen: SlackMessageSeen[] = [];
  let moodOf: (message: SlackMessageSeen) => SlackMood = () => 'ok';

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const channel = CHANNELS.find((each) => request.url === `/services/${each}/${secret}`);
    if (!channel || request.method !== 'POST') {
      response.writeHead(404).end('no_service');
      return;
    }
    const body = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    const key = body.metadata.event_payload.idempotency_key as string;
    const message: SlackMessageSeen = { channel, key, body, at: Date.now(), taken: false };
    seen.push(message);
    const mood = moodOf(message);
    if (mood === 'hang') return;
    if (mood === 'drop') {
      request.socket.destroy();
      return;
    }
    if (typeof mood === 'object' && 'status' in mood) {
      response.writeHead(mood.status, mood.headers).end(mood.body ?? '');
      return;
    }
    if (typeof mood === 'object') await new Promise((resolve) => setTimeout(resolve, mood.slowMs));
    message.taken = true;
    response.writeHead(200, { 'Content-Type': 'text/html' }).end('ok');
  }

  const server = createServer((request, response) => {
    answer(request, response).catch(() => request.socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    env: Object.fromEntries(
      CHANNELS.map((each) => [webhookSetting(each), `http://127.0.0.1:${port}/services/${each}/${secret}`]),
    ),
    secret,
    seen,
    behave: (mood) => {
      moodOf = typeof mood === 'function' ? mood : () => mood;
    },
    taken: () => seen.filter((message) => message.taken).map(({ key }) => key),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** What a row of `notification_channel` says of a channel that nothing holds back. */
export const QUIET_CHANNEL = {
  holdUntil: null,
  holdReason: null,
  failures: 0,
  mutedUntil: null,
  mutedByName: null,
  muteReason: null,
} as const;
