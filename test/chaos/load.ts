import http from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { request } from '../support/load.ts';

/** A request that was not answered with 200. */
export interface Lost {
  readonly outcome: string;
  readonly atMs: number;
}

const BETWEEN_MS = 5;
/** A client that is stopped gives up what it is in after so long. */
const LAST_MS = 60_000;

/** Clients that ask all the time, half of them over one kept connection each; what is refused is lost too. */
export class ChaosLoad {
  readonly #stop = new AbortController();
  readonly #loops: readonly Promise<void>[];
  readonly lost: Lost[] = [];
  answered = 0;

  constructor(url: string, clients: number) {
    this.#loops = Array.from({ length: clients }, (_, index) => this.#client(url, index % 2 === 0));
  }

  /** Lets each finish its request; false where one is never answered. */
  async stop(): Promise<boolean> {
    this.#stop.abort();
    const late = new AbortController();
    const ended = await Promise.race([
      Promise.all(this.#loops).then(() => true),
      pause(LAST_MS, false, { signal: late.signal }).catch(() => false),
    ]);
    late.abort();
    return ended;
  }

  async #client(url: string, keeps: boolean): Promise<void> {
    const agent = new http.Agent({ keepAlive: keeps, maxSockets: 1 });
    while (!this.#stop.signal.aborted) {
      const outcome = await request({ url }, agent);
      if (outcome === '200') this.answered += 1;
      else this.lost.push({ outcome, atMs: performance.now() });
      await pause(BETWEEN_MS);
    }
    agent.destroy();
  }
}
