import { outcomeOf, type ReloadOutcome } from '../arbiter/change/outcome.ts';
import type { AnyRecord } from '../log/records.ts';
import type { Death } from '../process/parent.ts';
import type { ServiceStatus } from '../process/status.ts';

/** How many records are kept for who asks later. */
const KEPT = 200;
/** Deaths of the last hour; of more than this the oldest are forgotten. */
const MOST_DEATHS = 1000;
const MOST_HANDED = 500;
const HOUR_MS = 3_600_000;

/** What happened, and what is: the records of the arbiter's log, and its status after each turn of its loop. */
export class Journal {
  readonly #now: () => number;
  readonly #recent: AnyRecord[] = [];
  readonly #deaths: { readonly atMs: number; readonly cause: string }[];
  readonly #followers = new Set<(record: AnyRecord) => void>();
  readonly #watchers = new Set<() => void>();
  readonly #end = new AbortController();
  #status: ServiceStatus | null = null;
  #reload: ReloadOutcome | null = null;
  #file: string | null = null;

  /** `now` is in milliseconds, of any clock; `before` are deaths that an old arbiter has told of. */
  constructor(now: () => number, before: readonly Death[] = []) {
    this.#now = now;
    this.#deaths = before.map(([agoMs, cause]) => ({ atMs: now() - agoMs, cause }));
  }

  /** Null before the first turn of the loop. */
  get status(): ServiceStatus | null {
    return this.#status;
  }

  /** Aborted when the service has ended: nothing follows. */
  get ended(): AbortSignal {
    return this.#end.signal;
  }

  /** The service has ended. */
  end(): void {
    this.#end.abort();
  }

  /** The last reload that is over; null before the first. */
  get lastReload(): ReloadOutcome | null {
    return this.#reload;
  }

  /** The file that the workers have loaded; null where it is not known. */
  get file(): string | null {
    return this.#file;
  }

  /** The last records, oldest first; those of level debug are not kept. */
  get recent(): readonly AnyRecord[] {
    return this.#recent;
  }

  /** How many workers have ended in the last hour, by cause. */
  get deaths(): Readonly<Record<string, number>> {
    const since = this.#now() - HOUR_MS;
    const counts: Record<string, number> = {};
    for (const { atMs, cause } of this.#deaths) if (atMs >= since) counts[cause] = (counts[cause] ?? 0) + 1;
    return counts;
  }

  /** What a new arbiter is to remember: it is told in an environment variable, which has a limit. */
  readonly handOver = (): readonly Death[] => {
    const nowMs = this.#now();
    const ago = this.#deaths.map(({ atMs, cause }): Death => [Math.round(nowMs - atMs), cause]);
    return ago.filter(([agoMs]) => agoMs <= HOUR_MS).slice(-MOST_HANDED);
  };

  took(record: AnyRecord): void {
    if (record.event === 'worker-exited') keep(this.#deaths, MOST_DEATHS, this.#deathOf(record));
    this.#reload = outcomeOf(record) ?? this.#reload;
    if (record.event === 'application' || record.event === 'reload-promoted')
      this.#file = record.file ?? this.#file;
    if (record.level !== 'debug') keep(this.#recent, KEPT, record);
    for (const follower of this.#followers) follower(record);
    for (const watch of this.#watchers) watch();
  }

  observe(status: ServiceStatus): void {
    this.#status = status;
    for (const watch of this.#watchers) watch();
  }

  /** Hands each record from now on to `follower`; returns what ends that. */
  follow(follower: (record: AnyRecord) => void): () => void {
    this.#followers.add(follower);
    return () => void this.#followers.delete(follower);
  }

  /** Calls `watch` after each record and each turn of the loop; returns what ends that. */
  watch(watch: () => void): () => void {
    this.#watchers.add(watch);
    return () => void this.#watchers.delete(watch);
  }

  #deathOf({ cause }: AnyRecord & { readonly event: 'worker-exited' }) {
    return { atMs: this.#now(), cause };
  }
}

function keep<Item>(items: Item[], most: number, item: Item): void {
  items.push(item);
  if (items.length > most) items.shift();
}
