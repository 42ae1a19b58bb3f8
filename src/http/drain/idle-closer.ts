import type { Socket } from 'node:net';
import { type Clock, every } from '../../support/clock.ts';
import type { Connections } from '../connections.ts';
import { closeIfSilent } from '../deadlines.ts';

const CHECK_EVERY_MS = 100;
/** A client may have begun to send a request, which shows only in the bytes read: a connection must be silent for this long. */
const SILENT_MS = 1000;

/** Since when no more than these bytes have been read of a connection. */
interface Silence {
  readonly bytesRead: number;
  readonly sinceMs: number;
}

/** Closes the idle connections of a worker that drains, from a moment on that can be moved forward. */
export class IdleCloser {
  readonly #connections: Connections;
  readonly #clock: Clock;
  #dueMs = Infinity;
  #silentMs = SILENT_MS;
  #silences: ReadonlyMap<Socket, Silence> = new Map();
  #cancel = () => {};

  constructor(connections: Connections, clock: Clock) {
    this.#connections = connections;
    this.#clock = clock;
  }

  /** Idle connections are closed from `ms` on, and no later than was said before. */
  closeAfter(ms: number): void {
    const dueMs = this.#clock.now() + ms;
    if (dueMs >= this.#dueMs) return;
    this.#dueMs = dueMs;
    this.#silentMs = Math.min(SILENT_MS, ms);
    this.#cancel();
    this.#cancel = this.#clock.after(ms - this.#silentMs, () => this.#begin());
  }

  /** For good. */
  stop(): void {
    this.#dueMs = -Infinity;
    this.#cancel();
  }

  #begin(): void {
    this.#check();
    this.#cancel = every(this.#clock, CHECK_EVERY_MS, () => this.#check());
  }

  #check(): void {
    const now = this.#clock.now();
    const silences = new Map<Socket, Silence>();
    for (const socket of this.#connections.idle()) {
      const known = this.#silences.get(socket);
      const { bytesRead } = socket;
      const silence = known?.bytesRead === bytesRead ? known : { bytesRead, sinceMs: now };
      silences.set(socket, silence);
      if (now >= this.#dueMs && now - silence.sinceMs >= this.#silentMs) closeIfSilent(socket);
    }
    this.#silences = silences;
  }
}
