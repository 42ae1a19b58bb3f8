import type { MemorySeen } from '../../src/process/ipc.ts';

/** Changes that are smaller are not told. */
const PART = 0.05;
/** While it grows it is looked so often. */
const SOON_MS = 100;

type Bytes = Omit<MemorySeen, 'tsunicorn'>;

/** Tells what a process takes when that has changed: were it killed for it, nobody could look any more. */
export class MemoryWatch {
  readonly #read: () => Bytes | null;
  readonly #say: (message: MemorySeen) => void;
  #told: Bytes | null = null;
  #untilDueMs = Number.POSITIVE_INFINITY;

  /** `read` returns null where it cannot be known now. */
  constructor(read: () => Bytes | null, say: (message: MemorySeen) => void) {
    this.#read = read;
    this.#say = say;
  }

  /** How long until it wishes to look again. */
  get untilDueMs(): number {
    return this.#untilDueMs;
  }

  check(): void {
    const bytes = this.#read();
    if (bytes === null) return;
    const told = this.#told;
    const isChanged =
      told === null || differs(bytes.rssBytes, told.rssBytes) || differs(bytes.heapBytes, told.heapBytes);
    const grows = told !== null && bytes.rssBytes > told.rssBytes * (1 + PART);
    this.#untilDueMs = grows ? SOON_MS : Number.POSITIVE_INFINITY;
    if (!isChanged) return;
    this.#told = bytes;
    this.#say({ tsunicorn: 'memory', ...bytes });
  }
}

function differs(now: number, before: number): boolean {
  return Math.abs(now - before) > before * PART;
}
