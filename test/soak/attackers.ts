import net, { type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { addressOf } from '../support/load.ts';

// Clients that are slow, or leave, in a process of their own, so that they do not slow down those that are measured:
// node attackers.ts URL HEADS BODIES UNREAD RESETS SILENT

const [url = '', ...counts] = process.argv.slice(2);
const [heads = 0, bodies = 0, unread = 0, resets = 0, silent = 0] = counts.map(Number);

const SECOND_MS = 1000;
/** One that was cut off comes again after this. */
const AGAIN_MS = 1000;
/** So many begin at a time. */
const AT_ONCE = 50;

const HEAD = `GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ${'a'.repeat(1000)}`;
const POST = 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n';

type Attack = (socket: Socket) => void;

/** A byte of `bytes` a second. */
const dribble =
  (opening: string, bytes: string): Attack =>
  (socket) => {
    socket.write(opening);
    let at = 0;
    const timer = setInterval(() => socket.write(bytes[at++ % bytes.length] ?? 'a'), SECOND_MS);
    socket.once('close', () => clearInterval(timer));
  };

const ATTACKS: readonly (readonly [count: number, attack: Attack])[] = [
  [heads, dribble('', HEAD)],
  [bodies, dribble(POST, 'a')],
  [unread, (socket) => socket.pause().write('GET /large HTTP/1.1\r\nHost: x\r\n\r\n')],
  [
    resets,
    (socket) => {
      socket.write(POST + 'a'.repeat(5000));
      const timer = setTimeout(
        () => (socket.destroyed ? null : leave(socket)),
        50 + Math.random() * SECOND_MS,
      );
      socket.once('close', () => clearTimeout(timer));
    },
  ],
  [silent, () => {}],
];

function leave(socket: Socket): void {
  if (url.startsWith('unix:')) socket.destroy();
  else socket.resetAndDestroy();
}

async function keepUp(attack: Attack): Promise<never> {
  for (;;) {
    const socket = net.connect(addressOf(url));
    socket.on('error', () => {});
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.once('connect', () => attack(socket));
    await closed;
    await pause(AGAIN_MS);
  }
}

let begun = 0;
for (const [count, attack] of ATTACKS)
  for (let index = 0; index < count; index++) {
    void keepUp(attack);
    if (++begun % AT_ONCE === 0) await pause(10);
  }
process.send?.('begun');
