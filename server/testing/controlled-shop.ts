import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * A server with the control API of the example shop. `deaf` says yes and changes nothing; `failing` answers orders with
 * 500; `forgetful` says that it is switched and serves visitors as before.
 */
export type ControlledMood = 'good' | 'deaf' | 'failing' | 'forgetful';

export interface ControlledShop {
  url: string;
  token: string;
  mood: ControlledMood;
  maintenance: { enabled: boolean; until: string | null; retryAfterSeconds: number };
  lockdown: { enabled: boolean };
  /** Orders that came in, as `PUT /api/ops/maintenance`. */
  orders: string[];
  close(): Promise<void>;
}

export async function startControlledShop(): Promise<ControlledShop> {
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const shop: ControlledShop = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    token: 'token-of-the-controlled-shop',
    mood: 'good',
    maintenance: { enabled: false, until: null, retryAfterSeconds: 300 },
    lockdown: { enabled: false },
    orders: [],
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '/';
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const send = (status: number, body: unknown, headers: Record<string, string> = {}) => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(JSON.stringify(body));
    };
    if (!path.startsWith('/api/ops/')) return visit(path, send);
    if (request.headers.authorization !== `Bearer ${shop.token}`) return send(401, { error: 'who are you' });
    if (request.method !== 'GET') {
      shop.orders.push(`${request.method} ${path}`);
      if (shop.mood === 'failing') return send(500, { error: 'out of order' });
      if (shop.mood !== 'deaf') carryOut(path, JSON.parse(Buffer.concat(chunks).toString() || '{}'));
    }
    if (path === '/api/ops/cache/clear') return send(200, { products: 13, reloadMs: 4 });
    if (path === '/api/ops/optimise') return send(200, { sessionsRemoved: 2, totalMs: 40 });
    const active = { ...shop.maintenance, active: shop.maintenance.enabled };
    send(200, { release: 'v1', maintenance: active, lockdown: shop.lockdown, sessionsEnded: 3 });
  }

  function carryOut(path: string, body: Partial<ControlledShop['maintenance']>): void {
    if (path === '/api/ops/maintenance') {
      shop.maintenance = { enabled: false, until: null, retryAfterSeconds: 300, ...body };
    }
    if (path === '/api/ops/lockdown') shop.lockdown = { enabled: body.enabled ?? false };
  }

  function visit(
    path: string,
    send: (status: number, body: unknown, headers?: Record<string, string>) => void,
  ): void {
    if (shop.mood === 'forgetful') {
      send(200, {});
      return;
    }
    if (shop.maintenance.enabled) {
      const after = { 'retry-after': String(shop.maintenance.retryAfterSeconds), 'x-maintenance': 'closed' };
      send(503, {}, after);
      return;
    }
    send(shop.lockdown.enabled && ['/login', '/checkout', '/admin'].includes(path) ? 423 : 200, {});
  }

  return shop;
}
