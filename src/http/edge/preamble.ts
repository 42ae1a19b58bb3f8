import type { Socket } from 'node:net';
import type { Clock } from '../../support/clock.ts';
import { afterPoll } from '../deadlines.ts';
import type { Fault } from './fault.ts';

/** What becomes of a connection by what was read of it. */
export type Step =
  /** At least `least` bytes are needed to tell. */
  | { readonly kind: 'more'; readonly least: number }
  /** The connection goes on with the bytes in `rest`. */
  | { readonly kind: 'go'; readonly rest: Buffer }
  | { readonly kind: 'refuse'; readonly fault: Fault };

/** Reads what stands before HTTP on a connection; null where nothing does. It gets all the bytes that have come. */
export type ReadPreamble = ((bytes: Buffer, socket: Socket) => Step) | null;

/** Lets a connection in, once what stands before HTTP on it was read; `enter` is called at once where nothing does. */
export type Admit = (socket: Socket, enter: () => void) => void;

export interface PreambleOptions {
  /** How the connection begins. */
  readonly readerOf: (socket: Socket) => ReadPreamble;
  /** Told how many bytes of a connection stood before what it goes on with. */
  readonly passed: (socket: Socket, bytes: number) => void;
  readonly slow: Fault;
  /** How long it may take; 0 is no limit. */
  readonly limitMs: number;
  /** Answers a connection that is refused, and ends it. */
  readonly refuse: (socket: Socket, fault: Fault) => void;
  readonly clock: Clock;
}

/** How often it is looked for connections that take too long. */
const ROUND_MS = 1000;

/** A connection whose preamble has not arrived. The socket is null once it is over. */
interface Waiting {
  socket: Socket | null;
  readonly sinceMs: number;
  readonly give: (fault: Fault) => void;
}

/** Reads what stands before HTTP on each connection, as it comes, and gives back what comes behind it. */
export function admitBy({ readerOf, passed, slow, limitMs, refuse, clock }: PreambleOptions): Admit {
  // Not of sockets, for the reason given in Connections. In the order in which they came.
  const waiting = new Set<Waiting>();
  let isArmed = false;

  const round = () => {
    isArmed = false;
    const due = clock.now() - limitMs;
    const late = [...waiting].filter(({ socket, sinceMs }) => sinceMs <= due || socket?.destroyed !== false);
    // What came while the event loop was blocked came in time.
    const giveUp = () => {
      for (const { give } of late) give(slow);
    };
    if (late.length > 0) afterPoll(giveUp);
    if (waiting.size > 0) arm();
  };
  const arm = () => {
    if (isArmed || limitMs === 0) return;
    isArmed = true;
    clock.after(Math.min(ROUND_MS, limitMs), round);
  };

  return (socket, enter) => {
    const read = readerOf(socket);
    if (read === null) return enter();
    const bytes = new Gathered();
    const look = () => {
      const step = bytes.stepOf(socket, read);
      if (step === null) return;
      if (step.kind === 'refuse') return one.give(step.fault);
      end();
      // What is put in the place of a preamble may be longer than that.
      passed(socket, Math.max(0, bytes.length - step.rest.length));
      if (step.rest.length > 0) socket.unshift(step.rest);
      enter();
    };
    const leave = () => {
      end();
      socket.on('error', ignore).destroy();
    };
    const end = () => {
      one.socket = null;
      waiting.delete(one);
      socket.off('readable', look).off('end', leave).off('error', ignore);
    };
    const one: Waiting = {
      socket,
      sinceMs: clock.now(),
      give(fault) {
        if (one.socket === null) return;
        end();
        socket.on('error', ignore);
        if (!socket.destroyed) refuse(socket, fault);
      },
    };
    waiting.add(one);
    socket.on('error', ignore).on('end', leave).on('readable', look);
    // It may have been read when it was accepted.
    if (socket.readableLength > 0) look();
    if (one.socket !== null) arm();
  };
}

/** What has come of a preamble. It is put together only when there may be enough: it may come byte by byte. */
class Gathered {
  #parts: Buffer[] = [];
  #length = 0;
  #least = 1;

  get length(): number {
    return this.#length;
  }

  /** Reads what there is; null where more is needed. */
  stepOf(socket: Socket, read: NonNullable<ReadPreamble>): Exclude<Step, { kind: 'more' }> | null {
    for (let part: Buffer | null = socket.read(); part !== null; part = socket.read()) {
      this.#parts.push(part);
      this.#length += part.length;
      if (this.#length < this.#least) continue;
      const [first = part] = this.#parts;
      const bytes = this.#parts.length === 1 ? first : Buffer.concat(this.#parts, this.#length);
      const step = read(bytes, socket);
      if (step.kind !== 'more') return step;
      this.#parts = [bytes];
      this.#least = step.least;
    }
    return null;
  }
}

function ignore(): void {}
