import type { AnyRecord } from './records.ts';

/** Something that lasts, as a record says that it began or lasts. */
export interface Condition {
  readonly record: AnyRecord;
  /** When it began, in milliseconds by the clock of whoever asks. */
  readonly sinceMs: number;
}

/** More than this many conditions at once are not told apart anyway. */
const MOST = 200;

/** What lasts now, by the records that say when it begins and ends. */
export class Conditions {
  readonly #present = new Map<string, Condition>();
  #retryAtMs = 0;

  took(record: AnyRecord, nowMs: number): void {
    if (record.event === 'crash-loop' || record.event === 'boot-failed')
      this.#retryAtMs = nowMs + (record.retryMs ?? 0);
    if (record.event === 'worker-exited') return this.#forget(record.worker.age);
    if (!('phase' in record) || record.phase === undefined) return;
    const key = keyOf(record);
    // A block that is over and may come again is said to last: only its last message says that it is over.
    if (record.phase === 'ends') return void this.#present.delete(key);
    const sinceMs = this.#present.get(key)?.sinceMs ?? nowMs - (record.durationMs ?? 0);
    if (this.#present.size < MOST || this.#present.has(key)) this.#present.set(key, { record, sinceMs });
  }

  get all(): readonly Condition[] {
    return [...this.#present.values()];
  }

  /** For how long the event loop of that worker is blocked, in milliseconds; 0 where it is not, as far as is known. */
  blockedMs(age: number, nowMs: number): number {
    const found = this.#present.get(`loop-blocked ${age} `);
    return found === undefined ? 0 : nowMs - found.sinceMs;
  }

  /** In how many milliseconds a start that was delayed follows; null where none is. */
  retryMs(nowMs: number): number | null {
    return this.#retryAtMs > nowMs ? this.#retryAtMs - nowMs : null;
  }

  #forget(age: number): void {
    for (const [key, { record }] of this.#present)
      if ('worker' in record && record.worker?.age === age) this.#present.delete(key);
  }
}

function keyOf(record: AnyRecord): string {
  const age = 'worker' in record ? (record.worker?.age ?? '') : '';
  const thread = 'threadId' in record ? (record.threadId ?? '') : '';
  return `${record.event} ${age} ${thread}`;
}
