import net from 'node:net';
import type { SyslogTarget } from '../../settings/syslog-target.ts';
import type { Open } from './sink.ts';

const CONNECT_MS = 5000;
const KEEP_ALIVE_MS = 30_000;

/** Opens links that send records with their lengths before them (RFC 6587, 3.4.1). */
export function overTcp({ host, port }: SyslogTarget): Open {
  return async (lost) => {
    const socket = net.connect({ host, port, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS });
    socket.unref();
    await connected(socket);
    // What it sends is ignored, but its end must be seen.
    socket.resume();
    socket.once('close', () => lost(0));
    return {
      send: (records, done) => socket.write(framed(records), (error) => done(!error)),
      close: () => socket.destroySoon(),
    };
  };
}

function connected(socket: net.Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => socket.destroy(new Error('timed out')), CONNECT_MS);
    socket.once('connect', () => {
      clearTimeout(timer);
      resolve();
    });
    // It stays set: an error after the connection is made is followed by `close`.
    socket.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
  });
}

function framed(records: readonly Buffer[]): Buffer {
  return Buffer.concat(records.flatMap((record) => [Buffer.from(`${record.length} `), record]));
}
