import type { AddressInfo } from 'node:net';
import { type Target, watchOwnRequests } from '../../src/app/script/own-requests.ts';
import { type EarlyDoor, type ListenerDoor, openEarlyDoor } from './listener-door.ts';

/** Accepts from a door, for the server of the program. */
type Accept = (door: EarlyDoor) => Promise<ListenerDoor>;

/** Requests that were sent a moment before the worker was ready have come in by then. In milliseconds. */
const LATE_MS = 1000;
const BACKLOG = 511;

/**
 * A door of this process alone, through which its program reaches its own server before the worker is ready: from the
 * sockets that are shared, nobody may accept yet, or workers of an older generation do.
 */
export class OwnDoor {
  readonly #isReached: (target: Target) => boolean;
  readonly #endWatch: () => void;
  #requested: () => void = () => {};
  #door: (EarlyDoor & { readonly port: number }) | null = null;
  #accept: Accept | null = null;

  /** Connections to `target` are led to it where `isReached` says so, until close(). */
  constructor(isReached: (target: Target) => boolean) {
    this.#isReached = isReached;
    this.#endWatch = watchOwnRequests((target) => this.#redirect(target));
  }

  /** Calls `requested` when the program is about to connect to its own server. */
  onRequest(requested: () => void): void {
    this.#requested = requested;
  }

  /** There is what serves its connections. */
  acceptBy(accept: Accept): void {
    this.#accept = accept;
    if (this.#door !== null) void accept(this.#door);
  }

  /** The worker is ready: its program connects as any other client does. */
  close(): void {
    this.#endWatch();
    const door = this.#door;
    if (door !== null) setTimeout(() => door.server.close(), LATE_MS).unref();
  }

  #redirect(target: Target): number | null {
    if (!this.#isReached(target)) return null;
    this.#door ??= this.#listen();
    this.#requested();
    return this.#door.port;
  }

  #listen(): EarlyDoor & { readonly port: number } {
    const { BoundSocket } = process.getBuiltinModule('node:net');
    const bound = new BoundSocket({ host: '127.0.0.1', port: 0 });
    const { port } = bound.address() as AddressInfo;
    const door = { ...openEarlyDoor(bound.fd(), BACKLOG), port };
    door.server.unref();
    void this.#accept?.(door);
    return door;
  }
}
