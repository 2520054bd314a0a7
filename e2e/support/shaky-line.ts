import { connect, createServer, type Server, type Socket } from 'node:net';

/** A line to the console that a test can cut: a TCP relay on a port of its own. */
export interface ShakyLine {
  origin: string;
  /** Breaks every connection and refuses new ones. */
  cut(): Promise<void>;
  /** Lets new connections through again, on the same port. */
  mend(): Promise<void>;
  close(): Promise<void>;
}

/** Opens a line to the console at `origin`. */
export async function openShakyLine(origin: string): Promise<ShakyLine> {
  const target = Number(new URL(origin).port);
  const sockets = new Set<Socket>();
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    // A broken connection is what this is for.
    socket.on('error', () => socket.destroy());
  };
  const newServer = () =>
    createServer((near) => {
      const far = connect(target, '127.0.0.1');
      keep(near);
      keep(far);
      near.pipe(far).pipe(near);
      near.on('close', () => far.destroy());
      far.on('close', () => near.destroy());
    });
  const listen = (server: Server, port: number) =>
    new Promise<number>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ port, host: '127.0.0.1' }, () => {
        const address = server.address();
        resolve(typeof address === 'object' && address ? address.port : 0);
      });
    });
  let server = newServer();
  const port = await listen(server, 0);
  const cut = async () => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  return {
    origin: `http://127.0.0.1:${port}`,
    cut,
    mend: async () => {
      server = newServer();
      await listen(server, port);
    },
    close: async () => {
      if (server.listening) await cut();
    },
  };
}
