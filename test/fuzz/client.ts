import net, { type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { Script } from './script.ts';
import type { Service } from './service.ts';

/** A connection on which the server does nothing for so long hangs. */
const HANG_MS = 40_000;
/** A client that waits goes when it has heard nothing for so long. */
const QUIET_MS = 30;
/** So many addresses of the loopback interface: each has 28,000 ports, which a connection holds for a minute. */
const ADDRESSES = 200;
const HEAD_OF_ANSWER = /^HTTP\/1\.1 \d{3} [^\r\n]*\r\n/;

/** Does what a script says on a connection of that number; returns what the server did wrong, null where nothing. */
export async function perform(service: Service, script: Script, connection: number): Promise<string | null> {
  const socket = connectTo(service, connection);
  let first = '';
  let isSilent = false;
  socket.setEncoding('latin1').on('data', (text) => {
    if (first.length < 100) first += text;
  });
  // It may be reset for what it sends.
  socket.on('error', () => {});
  socket.setTimeout(HANG_MS, () => {
    isSilent = true;
    socket.destroy();
  });
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  for (const [at, piece] of script.pieces.entries()) {
    if (at > 0) await new Promise((turn) => setImmediate(turn));
    if (!socket.writable) break;
    socket.write(piece, 'latin1');
  }
  await leave(socket, script.end);
  await closed;
  if (isSilent) return `nothing happened for ${HANG_MS / 1000} s after its client had ended`;
  return first === '' || isAnswer(first) ? null : `it was answered with ${JSON.stringify(first)}`;
}

function isAnswer(text: string): boolean {
  // A frame of HTTP/2 begins with its length, and the first one is short.
  return HEAD_OF_ANSWER.test(text) || text.startsWith('\0\0');
}

async function leave(socket: Socket, end: Script['end']): Promise<void> {
  switch (end) {
    case 'ends':
      socket.end();
      return;
    case 'goes':
      await new Promise((turn) => setImmediate(turn));
      socket.destroy();
      return;
    case 'resets':
      await new Promise((turn) => setImmediate(turn));
      if (!socket.connecting && socket.remoteFamily !== undefined) socket.resetAndDestroy();
      else socket.destroy();
      return;
    case 'waits':
      for (let read = -1; read < socket.bytesRead && !socket.destroyed; ) {
        read = socket.bytesRead;
        await pause(QUIET_MS);
      }
      socket.destroy();
  }
}

/** By TCP and by the Unix socket in turn. */
function connectTo({ port, path }: Service, connection: number): Socket {
  if (connection % 2 === 0) return net.connect(path);
  const localAddress = `127.0.1.${1 + (connection % ADDRESSES)}`;
  return net.connect({ port, host: '127.0.0.1', localAddress });
}
