import { makeFile } from '../metrics/place.ts';
import { fs } from '../support/builtins.ts';
import { closeQuietly } from '../support/close-quietly.ts';

/** As many as Node takes. */
const KEY_BYTES = 48;
/** Who gets hold of the keys can read recorded sessions of TLS 1.2 that were resumed with them, so none is used for long. */
const LASTING_MS = 12 * 3600 * 1000;
/** Keys, and when they were made, as a float of 64 bits. */
const FILE_BYTES = KEY_BYTES + 8;

/**
 * What the tickets are encrypted with by which clients resume their sessions: the same in all workers, reloads and
 * upgrades. Node knows one set at a time: a ticket of the set before leads to a full handshake, in which the client gets a
 * new one.
 */
export class TicketKeys {
  #keys: Buffer;
  #sinceMs: number;

  constructor(nowMs: number, keys = process.getBuiltinModule('node:crypto').randomBytes(KEY_BYTES)) {
    this.#keys = keys;
    this.#sinceMs = nowMs;
  }

  /** Those that an old arbiter has handed over by this descriptor, which is closed; new ones where there are none. */
  static taken(fd: number | null, nowMs: number): TicketKeys {
    if (fd === null) return new TicketKeys(nowMs);
    const bytes = Buffer.alloc(FILE_BYTES);
    try {
      if (fs.readSync(fd, bytes, 0, FILE_BYTES, 0) !== FILE_BYTES) return new TicketKeys(nowMs);
      return new TicketKeys(bytes.readDoubleLE(KEY_BYTES), bytes.subarray(0, KEY_BYTES));
    } catch {
      // It was not handed over after all. Clients make a full handshake.
      return new TicketKeys(nowMs);
    } finally {
      closeQuietly(fd);
    }
  }

  /** In base64. */
  get text(): string {
    return this.#keys.toString('base64');
  }

  /** Makes new ones where these have been used for long enough; returns whether it did. */
  rotate(nowMs: number): boolean {
    if (nowMs - this.#sinceMs < LASTING_MS) return false;
    this.#keys = process.getBuiltinModule('node:crypto').randomBytes(KEY_BYTES);
    this.#sinceMs = nowMs;
    return true;
  }

  /** A file without a path that holds them, for a new arbiter; null where there can be none. */
  handOver(make = makeFile): number | null {
    const bytes = Buffer.alloc(FILE_BYTES);
    this.#keys.copy(bytes);
    bytes.writeDoubleLE(this.#sinceMs, KEY_BYTES);
    let fd: number | null = null;
    try {
      fd = make();
      fs.writeSync(fd, bytes, 0, FILE_BYTES, 0);
      return fd;
    } catch {
      // Not on Linux, or /dev/shm is full: clients make a full handshake after the upgrade.
      if (fd !== null) closeQuietly(fd);
      return null;
    }
  }
}
