import { once } from 'node:events';
import net from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { Running } from './running.ts';

const AT_ONCE = 100;
const ANSWER_MS = 10_000;

async function hold(port: number): Promise<net.Socket> {
  const socket = net.connect({ host: '127.0.0.1', port });
  socket.on('error', () => {});
  const signal = AbortSignal.timeout(ANSWER_MS);
  await once(socket, 'connect', { signal });
  socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await once(socket, 'data', { signal });
  return socket;
}

/** Opens connections, each of which rests after one answer; returns what closes them. */
export async function holdConnections({ port }: Running, count: number): Promise<() => void> {
  const sockets: net.Socket[] = [];
  while (sockets.length < count) {
    const some = Math.min(AT_ONCE, count - sockets.length);
    sockets.push(...(await Promise.all(Array.from({ length: some }, () => hold(port)))));
  }
  await pause(300);
  return () => {
    for (const socket of sockets) socket.destroy();
  };
}
