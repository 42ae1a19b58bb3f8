import { once } from 'node:events';
import https, { type RequestOptions } from 'node:https';
import tls, { type ConnectionOptions, type TLSSocket } from 'node:tls';
import { onTestFinished } from './current-test.ts';

/** What came back from a request over TLS. */
export interface Secure {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  readonly certificate: string;
}

/** Asks over a new connection, which trusts everybody. */
export async function askSecurely(
  port: number,
  options: RequestOptions & { body?: string } = {},
): Promise<Secure> {
  const { body, ...rest } = options;
  const request = https.request({
    port,
    host: '127.0.0.1',
    rejectUnauthorized: false,
    agent: false,
    ...rest,
  });
  request.end(body);
  const [response] = await once(request, 'response');
  const certificate =
    (response.socket as TLSSocket).getPeerX509Certificate()?.subject.replace('CN=', '') ?? '';
  const text = (await response.setEncoding('utf8').toArray()).join('');
  return { status: response.statusCode, headers: response.headers, text, certificate };
}

/** A connection whose handshake is done; it ends with the test. */
export async function connectSecurely(port: number, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options });
  onTestFinished(() => void socket.destroy());
  await once(socket, 'secureConnect');
  return socket;
}

/** Makes a request on a connection of its own; resolves with the session for the next one, and whether it was resumed itself. */
export async function askResuming(
  port: number,
  { session, ...options }: Omit<ConnectionOptions, 'session'> & { readonly session?: Buffer } = {},
): Promise<{ readonly session: Buffer; readonly isResumed: boolean; readonly text: string }> {
  const socket = tls.connect({
    ...{ port, host: '127.0.0.1', rejectUnauthorized: false, ...options },
    ...(session === undefined ? {} : { session }),
  });
  // A session that is resumed may be used again, where no new one is told of.
  let latest = session;
  socket.on('session', (one) => {
    latest = one;
  });
  await once(socket, 'secureConnect');
  const isResumed = socket.isSessionReused();
  socket.write('GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
  const text = (await socket.setEncoding('utf8').toArray()).join('');
  return { session: latest ?? Buffer.alloc(0), isResumed, text };
}
