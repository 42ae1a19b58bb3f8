import { createServer, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { onTestFinished } from 'vitest';
import type { Application } from '../../../src/app/application.ts';

export interface Served {
  readonly url: string;
  readonly server: Server;
  /** What handlers threw or rejected with. */
  readonly errors: unknown[];
  /** Sends bytes as they are; resolves with all that comes back until the server closes. */
  raw(bytes: string): Promise<string>;
}

/** Serves an application on a port of its own until the test ends, and answers its errors as the workers do. */
export async function serve(application: Application): Promise<Served> {
  const errors: unknown[] = [];
  const server = createServer(async (req, res) => {
    try {
      await application.handler(req, res);
    } catch (error) {
      errors.push(error);
      if (res.headersSent) res.destroy();
      else res.writeHead(500).end();
    }
  });
  const { upgrade } = application;
  if (upgrade) server.on('upgrade', (req: IncomingMessage, socket, head) => upgrade(req, socket, head));
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, server, errors, raw: (bytes) => exchange(port, bytes) };
}

function exchange(port: number, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    let text = '';
    socket.on('data', (chunk) => {
      text += String(chunk);
    });
    socket.on('close', () => resolve(text)).on('error', reject);
  });
}
