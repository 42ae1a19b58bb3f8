/** A part of an answer that has not left its thread. */
export type Part = string | Uint8Array;

/** The memory that the rests of answers take: a buffer counts once, however many of them send it. */
export class KeptMemory {
  #left: number;
  /** How many answers send a part of each buffer, and what was taken for it: the application may detach or resize it. */
  readonly #buffers = new Map<ArrayBufferLike, { users: number; readonly bytes: number }>();

  /** At most `bytes` are taken. */
  constructor(bytes: number) {
    this.#left = bytes;
  }

  /** Takes what the parts need, and `more` bytes. Returns what gives it back; null where there is not so much. */
  take(parts: readonly Part[], more: number): (() => void) | null {
    const buffers = new Set(parts.flatMap((part) => (typeof part === 'string' ? [] : part.buffer)));
    const texts = parts.reduce((sum, part) => sum + (typeof part === 'string' ? part.length : 0), 0);
    const fresh = [...buffers].filter((buffer) => !this.#buffers.has(buffer));
    const bytes = fresh.reduce((sum, { byteLength }) => sum + byteLength, texts + more);
    if (bytes > this.#left) return null;
    this.#left -= bytes;
    for (const buffer of buffers) {
      const kept = this.#buffers.get(buffer);
      if (kept === undefined) this.#buffers.set(buffer, { users: 1, bytes: buffer.byteLength });
      else kept.users++;
    }
    return () => {
      this.#left += texts + more;
      for (const buffer of buffers) this.#give(buffer);
    };
  }

  #give(buffer: ArrayBufferLike): void {
    const kept = this.#buffers.get(buffer);
    if (kept === undefined || --kept.users > 0) return;
    this.#buffers.delete(buffer);
    this.#left += kept.bytes;
  }
}
