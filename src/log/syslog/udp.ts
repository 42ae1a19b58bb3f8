import { createSocket, type Socket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SyslogTarget } from '../../settings/syslog-target.ts';
import type { Link, Open } from './sink.ts';

/** How long to wait for the refusal that the first datagram brings back if there is no receiver. */
const REFUSAL_MS = 50;
/** After this many datagrams at once there is a pause: the receiver's buffer is small, and what overruns it is lost. */
const BURST = { records: 8, pauseMs: 2 } as const;

/** Opens links that send each record as a datagram (RFC 5426). */
export function overUdp({ host, port }: SyslogTarget): Open {
  return async (lost) => {
    const { address, family } = await lookup(host);
    const socket = createSocket(family === 6 ? 'udp6' : 'udp4');
    socket.unref();
    try {
      socket.connect(port, address);
      await once(socket, 'connect');
    } catch (error) {
      socket.close();
      throw error;
    }
    return linkOver(socket, lost);
  };
}

function linkOver(socket: Socket, lost: (records: number) => void): Link {
  let isProved = false;
  let refused = () => lost(1);
  socket.on('error', () => refused());
  const sendAll = (records: readonly Buffer[]) =>
    Promise.all(records.map((record) => new Promise((sent) => socket.send(record, sent)))).then((errors) =>
      errors.every((error) => !error),
    );
  const prove = async (record: Buffer) => {
    const refusal = new Promise<boolean>((settle) => {
      refused = () => settle(false);
      setTimeout(settle, REFUSAL_MS, true).unref();
    });
    const ok = (await sendAll([record])) && (await refusal);
    refused = () => lost(1);
    return ok;
  };
  return {
    async send(records, done) {
      const [first] = records;
      let rest = records;
      // On a new link a record that is refused is not lost: it is sent again over the next.
      if (!isProved && first) {
        isProved = await prove(first);
        if (!isProved) return done(false);
        rest = records.slice(1);
      }
      const sent = await sendAll(rest);
      if (rest.length >= BURST.records) await sleep(BURST.pauseMs, undefined, { ref: false });
      done(sent);
    },
    close() {
      refused = () => {};
      socket.close();
    },
  };
}
