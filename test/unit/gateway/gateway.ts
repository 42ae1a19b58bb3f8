import { connect } from 'node:net';
import { onTestFinished } from 'vitest';
import { adaptWsgi } from '../../../src/app/adapters/wsgi.ts';
import { bareContext, type GatewayContext } from '../../../src/gateway/context.ts';
import type { GatewayApplication, Header } from '../../../src/index.ts';
import { type Served, serve } from '../app/serve.ts';

export const text: readonly Header[] = [['Content-Type', 'text/plain']];

export interface ServedGateway extends Served {
  /** The lines of `wsgi.errors`. */
  readonly lines: readonly string[];
  /** What was thrown after the answer was over. */
  readonly late: readonly unknown[];
}

/** Serves an application of the gateway interface over node:http until the test ends. */
export async function serveGateway(
  app: GatewayApplication,
  context: Partial<GatewayContext> = {},
): Promise<ServedGateway> {
  const lines: string[] = [];
  const late: unknown[] = [];
  const application = adaptWsgi(app, {
    context: { ...bareContext, log: (line) => lines.push(line), ...context },
    onError: (error) => late.push(error),
  });
  return { ...(await serve(application)), lines, late };
}

/** One GET over a connection of its own: everything that comes back, head included. */
export function rawGet({ raw }: Served, path = '/', method = 'GET'): Promise<string> {
  return raw(`${method} ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
}

/** A client that sends a request and then does as the test says. */
export function openClient({ url }: Served, head: string) {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => {}); // A connection that the server cuts is what some tests wait for.
  socket.write(head);
  return socket;
}
