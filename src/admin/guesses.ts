import type { RecordLog } from '../log/records.ts';

/** So many wrong tokens of one client are looked at in a minute. */
const MOST_FAILURES = 10;
const MINUTE_MS = 60_000;
/** Of more clients at once, all the others count as one. */
const MOST_CLIENTS = 100;
const OTHERS = 'others';

/** The wrong tokens that clients have sent with their requests. */
export class Guesses {
  readonly #log: RecordLog;
  readonly #now: () => number;
  /** When each client has sent a wrong one, in milliseconds. */
  readonly #failures = new Map<string, readonly number[]>();

  constructor(log: RecordLog, now: () => number) {
    this.#log = log;
    this.#now = now;
  }

  /** Whether nothing is looked at that this client sends, for a while; null is a client of a Unix socket. */
  isLocked(client: string | null): boolean {
    return this.#recent(this.#keyOf(client)).length >= MOST_FAILURES;
  }

  /** It has sent a wrong one. */
  failed(client: string | null): void {
    const key = this.#keyOf(client);
    this.#failures.set(key, [...this.#recent(key), this.#now()]);
    const from = client === null ? '' : ` (from ${client})`;
    this.#log.warning(`A wrong token was sent in a header${from}`, { event: 'page-refused', client });
  }

  #keyOf(client: string | null): string {
    const key = client ?? '';
    if (this.#failures.has(key) || this.#failures.size < MOST_CLIENTS) return key;
    for (const known of this.#failures.keys())
      if (this.#recent(known).length === 0) this.#failures.delete(known);
    return this.#failures.size < MOST_CLIENTS ? key : OTHERS;
  }

  #recent(key: string): readonly number[] {
    const since = this.#now() - MINUTE_MS;
    return (this.#failures.get(key) ?? []).filter((atMs) => atMs > since);
  }
}
