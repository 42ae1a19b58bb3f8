import type { MemorySeen } from '../../src/process/ipc/messages.ts';

/** Smaller changes are not reported. */
const PART = 0.05;
/** How often the memory is checked while it grows. */
const SOON_MS = 100;

type Bytes = Omit<MemorySeen, 'tsunicorn'>;

/** Reports the memory of a process when it has changed: after the process is killed for it, it cannot be measured. */
export class MemoryWatch {
  readonly #read: () => Bytes | null;
  readonly #say: (message: MemorySeen) => void;
  #told: Bytes | null = null;
  #untilDueMs = Number.POSITIVE_INFINITY;

  /** `read` returns null if the memory cannot be read now. */
  constructor(read: () => Bytes | null, say: (message: MemorySeen) => void) {
    this.#read = read;
    this.#say = say;
  }

  /** How long until the next check is due. */
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
