import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ClientHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import type { Application } from '../../src/app/application.ts';
import { type StreamArguments, StreamRequest } from '../../src/app/http2/stream-request.ts';
import { StreamResponse } from '../../src/app/http2/stream-response.ts';
import { createRunner } from '../../src/http/runner.ts';

/**
 * Asks an application whose own server is of node:http2, over a session that nothing observes. Resolves with `ready`, or
 * with what the application did instead.
 */
export async function askOverHttp2(
  application: Application,
  path: string,
  signal: AbortSignal,
  onError: (error: unknown) => void,
): Promise<string> {
  const http2 = process.getBuiltinModule('node:http2');
  const [ours, theirs] = process.getBuiltinModule('node:stream').duplexPair();
  const run = createRunner({ application, onError });
  const session = http2.performServerHandshake(theirs);
  // As of a client on this machine: programs look at the address.
  Reflect.set(session.socket, '_peername', { address: '127.0.0.1', family: 'IPv4', port: 0 });
  session.on('stream', (...args) => {
    const request = new StreamRequest(args as unknown as StreamArguments, theirs as unknown as Socket);
    const response: unknown = new StreamResponse(request);
    run(request as unknown as IncomingMessage, response as ServerResponse);
  });
  const client = http2.connect('http://localhost', { createConnection: () => ours });
  try {
    const headers = { ':path': path, ':authority': 'localhost', 'user-agent': 'tsunicorn (--ready-path)' };
    return await answerOf(client.request(headers, { signal }), signal);
  } finally {
    client.destroy();
    session.destroy();
  }
}

/** Resolves with `ready`, or with what the application did instead. */
function answerOf(stream: ClientHttp2Stream, signal: AbortSignal): Promise<string> {
  let status = 0;
  stream.on('response', (headers) => {
    status = headers[':status'] ?? 0;
  });
  // Its end says what it was.
  stream.on('error', () => {}).resume();
  return new Promise((settle) => {
    stream.on('close', () => {
      const isWhole = stream.readableEnded && stream.rstCode === 0;
      if (status !== 0 && isWhole) settle(status >= 200 && status < 300 ? 'ready' : `answered ${status}`);
      else settle(lackOf(status !== 0, signal.aborted));
    });
  });
}

function lackOf(hasBegun: boolean, isLate: boolean): string {
  if (isLate) return hasBegun ? 'did not end its answer' : 'did not answer';
  return hasBegun ? 'cut its answer' : 'cut the connection';
}
