import type { Client } from '#server/cli/ops/client/client';
import { Credentials } from '#server/cli/ops/client/credentials';
import type { ConnectContext } from '#server/cli/ops/main';

/** The console over HTTP or, with --direct, its database. Loads only what that needs. */
export async function connect(context: ConnectContext): Promise<Client> {
  const { command, settings, terminal, screen, signal } = context;
  const given = command.identity === 'stored' ? null : settings.token;
  const token = command.identity === 'nobody' ? null : (given ?? storedToken(context));
  if (settings.direct) {
    const { connectDirectly } = await import('#server/cli/ops/client/direct');
    return connectDirectly({ ...settings, token }, terminal.env, screen);
  }
  const { HttpClient } = await import('#server/cli/ops/client/http');
  const { url, timeoutMs } = settings;
  const { protocol, hostname } = new URL(url);
  const isLocal = hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.');
  if (token && protocol === 'http:' && !isLocal) {
    screen.warn(`The token goes to ${hostname} unencrypted: use https where others share the network.`);
  }
  return new HttpClient({ url, token, timeoutMs, signal });
}

function storedToken({ settings, terminal, screen }: ConnectContext): string | null {
  // Somebody else is named to act: the stored token is not theirs.
  if (settings.direct && settings.as) return null;
  const credentials = new Credentials(terminal.env);
  const stored = credentials.find(settings.url);
  if (stored && credentials.isOpenToOthers) {
    screen.warn(`Others may read ${credentials.file}; close it with: chmod 600 ${credentials.file}`);
  }
  return stored?.token ?? null;
}
