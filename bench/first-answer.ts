import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf } from '../src/errors.ts';

const request = 'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n';
const giveUpAfterMs = 10_000;

/** A port of 127.0.0.1 that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

/** Resolves with the status line of one answer, or null where the connection was refused. */
function ask(port: number, signal: AbortSignal): Promise<string | null> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', signal }, () => socket.write(request));
    socket.setEncoding('utf8').once('data', (text) => {
      resolve(String(text).split('\r\n')[0] ?? '');
      socket.destroy();
    });
    socket.once('end', () => reject(new Error(`port ${port} closed a connection without an answer`)));
    socket.once('error', (error) => (codeOf(error) === 'ECONNREFUSED' ? resolve(null) : reject(error)));
  });
}

/** Asks again each millisecond until the port answers; resolves with the status line and when its first byte came. */
async function askUntilAnswered(port: number, signal: AbortSignal): Promise<{ line: string; at: number }> {
  for (;;) {
    const line = await ask(port, signal);
    if (line !== null) return { line, at: performance.now() };
    await sleep(1, undefined, { signal });
  }
}

/**
 * Resolves with `performance.now()` at the first byte of a 200 from the port; rejects after 10 s, with the reason of
 * `signal` where it fires, or where the answer is another.
 */
export async function firstAnswer(port: number, signal: AbortSignal): Promise<number> {
  const either = AbortSignal.any([signal, AbortSignal.timeout(giveUpAfterMs)]);
  const { line, at } = await askUntilAnswered(port, either).catch((error: unknown) => {
    // Node replaces the reason by a plain AbortError.
    either.throwIfAborted();
    throw error;
  });
  if (!line.startsWith('HTTP/1.1 200')) throw new Error(`port ${port} answered ${line}`);
  return at;
}
