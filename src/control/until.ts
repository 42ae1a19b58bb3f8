import type { Controlled } from './controlled.ts';
import { type Asked, type Lines, Refusal } from './route.ts';

/** Where nothing else is asked for. */
const WAIT_SECONDS = 300;
const MOST_SECONDS = 86_400;

/** What a wait ends with where its time is over. */
export const TIMED_OUT = { outcome: 'timeout' } as const;

/** What it ends with where the service has ended. */
export const ENDED = { outcome: 'ended', reason: 'the service has ended' } as const;

/** Waiting for something of the service, whose progress the client is told. */
export interface Wait<Found> {
  /** Looks after each record and each turn of the arbiter's loop; null while it has not come. */
  readonly look: () => Found | null;
  /** What is under way, in words; null where there is nothing to tell. */
  readonly progress: () => string | null;
}

/** Whether the client wants to wait. */
export function wantsWait({ query }: Asked): boolean {
  return query.has('wait') && query.get('wait') !== 'false';
}

/**
 * Waits, at most as long as the client says, and tells it each new progress. Rejects where the client leaves.
 */
export function until<Found extends object>(
  { query, signal }: Asked,
  lines: Lines,
  { journal }: Controlled,
  { look, progress }: Wait<Found>,
): Promise<Found | typeof TIMED_OUT | typeof ENDED> {
  const seconds = secondsOf(query);
  return new Promise((resolve, reject) => {
    // Neither tells of it again.
    if (journal.ended.aborted) return resolve(ENDED);
    const gone = new Error('the client has gone');
    if (signal.aborted) return reject(gone);
    let told: string | null = null;
    const over = new AbortController();
    const finish = (settle: () => void) => {
      clearTimeout(timer);
      endWatch();
      over.abort();
      settle();
    };
    const watch = () => {
      const found = look();
      if (found !== null) return finish(() => resolve(found));
      const text = progress();
      if (text === null || text === told) return;
      told = text;
      lines.send({ progress: text });
    };
    const endWatch = journal.watch(watch);
    const timer = setTimeout(() => finish(() => resolve(TIMED_OUT)), seconds * 1000);
    const on = (event: AbortSignal, settle: () => void) => {
      event.addEventListener('abort', () => finish(settle), { signal: over.signal });
    };
    on(journal.ended, () => resolve(ENDED));
    on(signal, () => reject(gone));
    watch();
  });
}

/** The time that the client will wait. Throws a Refusal. */
export function secondsOf(query: URLSearchParams): number {
  const text = query.get('timeout');
  if (text === null) return WAIT_SECONDS;
  const seconds = Number(text);
  if (text.trim() !== '' && seconds > 0 && seconds <= MOST_SECONDS) return seconds;
  throw new Refusal(
    400,
    `timeout: expected a number of seconds above 0 and up to ${MOST_SECONDS}, got "${text}"`,
  );
}
