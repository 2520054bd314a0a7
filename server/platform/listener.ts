import pg from 'pg';
import type { Logger } from '#server/platform/logger';
import { NOTIFY_CHANNEL, type Notice, noticeSchema } from '#server/platform/notify';

export interface Listener {
  /** Registers a receiver; returns the call that removes it. */
  subscribe(receive: (notice: Notice) => void): () => void;
  /** Called after a lost connection is back: hints may have been missed, so receivers must look for themselves. */
  onReconnect(receive: () => void): () => void;
  /** Resolves when the database answers on this connection. @throws Error while it is lost */
  ping(): Promise<void>;
  close(): Promise<void>;
}

const RECONNECT_MS = 500;

/**
 * Keeps one LISTEN connection open for the process; reconnects until closed.
 * @param isPatient true: a database that is away at the start is waited for meanwhile, as one that goes away later
 * @throws Error where it is away at the start and is not waited for
 */
export async function openListener(url: string, log: Logger, isPatient = false): Promise<Listener> {
  const receivers = new Set<(notice: Notice) => void>();
  const reconnected = new Set<() => void>();
  let closed = false;
  let client: pg.Client | null = null;
  let timer: NodeJS.Timeout | null = null;

  async function connect(): Promise<void> {
    const next = new pg.Client({ connectionString: url, keepAlive: true, connectionTimeoutMillis: 5_000 });
    next.on('notification', (message) => {
      const parsed = noticeSchema.safeParse(parseJson(message.payload ?? ''));
      if (parsed.success) for (const receive of receivers) receive(parsed.data);
      else log.warn({ payload: message.payload }, 'ignored a malformed notice');
    });
    next.on('error', (error) => log.warn({ err: error }, 'listen connection failed'));
    next.on('end', () => {
      if (client === next) client = null;
      retryLater();
    });
    await next.connect();
    await next.query(`LISTEN ${NOTIFY_CHANNEL}`);
    client = next;
  }

  function retryLater(): void {
    if (closed || timer) return;
    timer = setTimeout(() => {
      timer = null;
      connect().then(
        () => {
          for (const receive of reconnected) receive();
        },
        () => retryLater(),
      );
    }, RECONNECT_MS);
  }

  await connect().catch((error: unknown) => {
    if (!isPatient) throw error;
    log.warn({ err: error }, 'the database is away, trying again');
    retryLater();
  });
  return {
    subscribe: (receive) => {
      receivers.add(receive);
      return () => receivers.delete(receive);
    },
    onReconnect: (receive) => {
      reconnected.add(receive);
      return () => reconnected.delete(receive);
    },
    ping: async () => {
      if (!client) throw new Error('The connection is lost');
      await client.query('SELECT 1');
    },
    close: async () => {
      closed = true;
      if (timer) clearTimeout(timer);
      await client?.end();
    },
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
