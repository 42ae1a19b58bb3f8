import type { ExecFileException } from 'node:child_process';
import type { Listener } from '../listeners/listener.ts';
import { ListeningRows, queueOf } from '../listeners/queue.ts';
import { backgroundClock, type Clock } from '../support/clock.ts';
import { codeOf } from '../support/errors.ts';

/** For how many milliseconds a connection waits in the queue of each socket, by its address; null where it is not known. */
export type Waits = ReadonlyMap<string, number | null>;

/** A client that asks more often gets the same answer. */
const FRESH_MS = 1000;
const LATER_MS = 50;
const PATIENCE_MS = 1000;
const MOST_BYTES = 16 * 1024 * 1024;

/** A scrape gets what one before it has asked for, if that is not older: ss is slow where every processor is busy. */
const KNOWN_MS = 60_000;
/** Scrapes have it asked for no more often: where every processor is busy, the start of ss holds up this process for 100 ms. */
const SCRAPE_MS = 10_000;

interface Asked {
  readonly asked: string;
  readonly atMs: number;
  readonly answer: Promise<string>;
}

/** Runs ss(8) for the connections that its filter names; null where it is not installed, `''` where it fails. */
type RunSs = (filter: string) => Promise<string | null>;

/** Asks ss(8), where it is installed, for how long connections have waited that no worker has accepted. */
export class WaitReader {
  readonly #run: RunSs;
  readonly #clock: Clock;
  #hasSs = true;
  #latest: Asked | null = null;
  #isAsking = false;
  /** What was answered last. */
  #known: { readonly asked: string; readonly atMs: number; readonly answer: string } | null = null;

  constructor(run: RunSs = runSs, clock: Clock = backgroundClock) {
    this.#run = run;
    this.#clock = clock;
  }

  /**
   * Of the sockets whose queue is not empty. `patience` is whether to wait for what is now, or take what was known last, which
   * the first time is nothing.
   */
  async read(
    listeners: readonly Pick<Listener, 'fd' | 'url'>[],
    rows = new ListeningRows(),
    patience: 'now' | 'known' = 'now',
  ): Promise<Waits> {
    const waiting = listeners.flatMap((listener): readonly (readonly [string, number])[] => {
      const queue = queueOf(listener, rows);
      return queue?.port && queue.length > 0 ? [[listener.url, queue.port]] : [];
    });
    const ports = [...new Set(waiting.map(([, port]) => port))].toSorted((a, b) => a - b);
    const sockets = ports.length === 0 ? '' : await this.#ask(ports, patience);
    return new Map(waiting.map(([url, port]) => [url, longestWaitOf(sockets, port)]));
  }

  /** Asks ss(8) for the connections at these ports. */
  #ask(ports: readonly number[], patience: 'now' | 'known'): Promise<string> | string {
    if (!this.#hasSs) return '';
    const asked = ports.map((port) => `sport = :${port}`).join(' or ');
    if (patience === 'now') return this.#fresh(asked);
    const known = this.#known?.asked === asked ? this.#known : null;
    const ageMs = this.#clock.now() - (known?.atMs ?? -Infinity);
    if (ageMs > SCRAPE_MS) this.#askLater(asked);
    return known === null || ageMs > KNOWN_MS ? '' : known.answer;
  }

  /** Behind the answer. */
  #askLater(asked: string): void {
    if (this.#isAsking) return;
    this.#isAsking = true;
    this.#clock.after(LATER_MS, () => {
      this.#isAsking = false;
      void this.#fresh(asked);
    });
  }

  #fresh(asked: string): Promise<string> {
    const atMs = this.#clock.now();
    if (this.#latest?.asked !== asked || atMs - this.#latest.atMs > FRESH_MS)
      this.#latest = { asked, atMs, answer: this.#answered(asked, atMs) };
    return this.#latest.answer;
  }

  async #answered(asked: string, atMs: number): Promise<string> {
    const answer = await this.#run(asked);
    // It may come with a later update of the image, which then needs a restart.
    if (answer === null) this.#hasSs = false;
    this.#known = { asked, atMs, answer: answer ?? '' };
    return this.#known.answer;
  }
}

function runSs(filter: string): Promise<string | null> {
  const { execFile } = process.getBuiltinModule('node:child_process');
  const options = { timeout: PATIENCE_MS, maxBuffer: MOST_BYTES, encoding: 'utf8' } as const;
  const args = ['-tinHe', 'state', 'established', `( ${filter} )`];
  return new Promise((resolve) => {
    execFile('ss', args, options, (error: ExecFileException | null, stdout) => {
      if (error === null) resolve(stdout);
      else resolve(codeOf(error) === 'ENOENT' ? null : '');
    });
  });
}

/**
 * By what `ss -tinHe` says, for how many milliseconds nothing came from the connection at that port that no process has
 * accepted; null where it lists none.
 */
export function longestWaitOf(output: string, port: number): number | null {
  let longest: number | null = null;
  let isWaiting = false;
  for (const line of output.split('\n')) {
    // Each connection has a line that begins with its queues, and one with its figures behind white space.
    if (!/^\s/.test(line)) isWaiting = isQueued(line, port);
    const [, ms] = isWaiting ? (/ lastrcv:(\d+)/.exec(line) ?? []) : [];
    if (ms !== undefined) longest = Math.max(longest ?? 0, Number(ms));
  }
  return longest;
}

function isQueued(line: string, port: number): boolean {
  const [, local = ''] = /^(?:ESTAB\s+)?\d+\s+\d+\s+(\S+)\s/.exec(line) ?? [];
  return local.endsWith(`:${port}`) && (/ ino:0 /.test(line) || !/ ino:/.test(line));
}
