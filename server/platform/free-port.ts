import { createServer } from 'node:net';

/** True when 127.0.0.1 accepts a listener on the port right now. */
export function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** The first free port on 127.0.0.1 from `from` on. @throws Error when none of `attempts` is free */
export async function findFreePort(from: number, attempts = 50): Promise<number> {
  for (let port = from; port < from + attempts; port += 1) {
    if (await isPortFree(port)) return port;
  }
  throw new Error(`None of the ports ${from} to ${from + attempts - 1} is free`);
}

/** A port that the operating system picks. Another process may take it before its user does. */
export function anyFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ port: 0, host: '127.0.0.1' }, () => {
      const address = server.address();
      server.close(() =>
        typeof address === 'object' && address ? resolve(address.port) : reject(new Error('no port')),
      );
    });
  });
}
