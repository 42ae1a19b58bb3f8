import { spawnSync } from 'node:child_process';
import { closeSync, constants, openSync, readSync } from 'node:fs';

const CHUNK = Buffer.alloc(65_536);
const EVERY_MS = 20;

/** A file that takes only so many bytes a second, whatever is written to it: writes wait, as on a slow disk. */
export class SlowFile {
  readonly #descriptor: number;
  readonly #timer: NodeJS.Timeout;
  #bytesEach: number;

  constructor(path: string, bytesPerSecond: number) {
    const { status, stderr } = spawnSync('mkfifo', [path], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`mkfifo: ${stderr}`);
    // Open for both, so that nobody who opens it waits for a reader.
    this.#descriptor = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
    this.#bytesEach = Math.max(1, Math.round((bytesPerSecond * EVERY_MS) / 1000));
    this.#timer = setInterval(() => this.#read(), EVERY_MS);
  }

  /** Takes all that is written from now on at once: who has it open still may write. */
  hasten(): void {
    this.#bytesEach = Number.POSITIVE_INFINITY;
  }

  close(): void {
    clearInterval(this.#timer);
    closeSync(this.#descriptor);
  }

  #read(): void {
    try {
      let left = this.#bytesEach;
      while (left > 0) left -= readSync(this.#descriptor, CHUNK, 0, Math.min(left, CHUNK.length), null);
    } catch {
      // EAGAIN: it is empty.
    }
  }
}
