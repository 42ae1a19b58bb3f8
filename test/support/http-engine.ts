import { once } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import net from 'node:net';
import type { Application } from '../../src/app/application.ts';
import { Connections } from '../../src/http/connections.ts';
import { createHttpServer, type HttpServerOptions } from '../../src/http/server.ts';
import { systemClock } from '../../src/support/clock.ts';
import { onTestFinished } from './current-test.ts';
import { type Wire, wireTo } from './wire.ts';

export interface Engine {
  readonly server: Server;
  readonly port: number;
  readonly connections: Connections;
  /** The connections that it was fed, in their order. */
  readonly accepted: readonly net.Socket[];
  /** What onError was called with. */
  readonly errors: { readonly error: unknown; readonly url: string | undefined }[];
  /** Connects and writes `text`. */
  send(text: string): Promise<Wire>;
}

type Given = Partial<Omit<HttpServerOptions, 'application'>> & {
  readonly application?: Application;
  readonly handler?: (request: IncomingMessage, response: ServerResponse) => unknown;
  readonly upgrade?: NonNullable<HttpServerOptions['application']['upgrade']>;
};

/** The HTTP engine over one handler, fed by a server of its own as the gate would. */
export async function startEngine({
  application,
  handler = () => {},
  upgrade,
  connections = new Connections(() => {}),
  ...given
}: Given): Promise<Engine> {
  const errors: Engine['errors'] = [];
  const accepted: net.Socket[] = [];
  const server = createHttpServer({
    application: application ?? { what: 'handler', handler, ...(upgrade ? { upgrade } : {}) },
    connections,
    observers: [],
    keepAliveMs: 5000,
    clock: systemClock,
    onError: (error, request) => void errors.push({ error, url: request.url }),
    ...given,
  });
  const options = { allowHalfOpen: true, noDelay: true, ...application?.own?.socketOptions };
  const accepting = net.createServer(options, (socket) => {
    if (application?.own?.turnsAway(socket, connections.size)) return;
    accepted.push(socket);
    connections.add(socket);
    server.emit('connection', socket);
  });
  await once(accepting.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => {
    accepting.close();
    connections.destroyAll();
  });
  const { port } = accepting.address() as net.AddressInfo;
  return {
    server,
    port,
    connections,
    accepted,
    errors,
    async send(text) {
      const wire = await wireTo(port);
      wire.write(text);
      return wire;
    },
  };
}

/** A request for `path` on a connection that is kept. */
export const get = (path = '/') => `GET ${path} HTTP/1.1\r\nHost: test\r\n\r\n`;
