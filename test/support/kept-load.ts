import http from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { addressOf } from './load.ts';

export interface KeptLoadOptions {
  /** `http://host:port`, or `unix:/path`. */
  readonly url: string;
  readonly clients: number;
  /** How long a client waits between its answer and its next request, in milliseconds: evenly within. */
  readonly pauseMs: readonly [least: number, most: number];
  /** The path of each request. */
  readonly path: () => string;
}

export interface KeptLoadResult {
  readonly answered: number;
  /** How many connections were made. */
  readonly connections: number;
  /** One entry a failed request: `ECONNRESET after 1034 ms idle`, … */
  readonly failures: readonly string[];
}

/** Clients that each send a POST over a connection of their own again and again, and connect anew only when they must. */
export class KeptLoad {
  readonly #options: KeptLoadOptions;
  readonly #stop = new AbortController();
  readonly #failures: string[] = [];
  readonly #loops: readonly Promise<void>[];
  #answered = 0;
  #connections = 0;

  constructor(options: KeptLoadOptions) {
    this.#options = options;
    this.#loops = Array.from({ length: options.clients }, () => this.#client());
  }

  get answered(): number {
    return this.#answered;
  }

  /** Lets every client finish the request that it is in. */
  async stop(): Promise<KeptLoadResult> {
    this.#stop.abort();
    await Promise.all(this.#loops);
    return { answered: this.#answered, connections: this.#connections, failures: this.#failures };
  }

  async #client(): Promise<void> {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const [least, most] = this.#options.pauseMs;
    // Not all at the same moment.
    let pauseMs = Math.random() * least;
    for (;;) {
      const { signal } = this.#stop;
      await pause(pauseMs, undefined, { signal }).catch(() => {});
      if (signal.aborted) break;
      const outcome = await this.#post(agent);
      if (outcome === '200') this.#answered++;
      else this.#failures.push(`${outcome}, after ${Math.round(pauseMs)} ms`);
      pauseMs = least + Math.random() * (most - least);
    }
    agent.destroy();
  }

  #post(agent: http.Agent): Promise<string> {
    const { url, path } = this.#options;
    return new Promise((resolve) => {
      const sent = http.request(
        { ...addressOf(url), method: 'POST', path: path(), agent, headers: { 'content-length': 4 } },
        (response) => {
          response.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'error'));
          response.on('end', () => resolve(String(response.statusCode)));
          response.resume();
        },
      );
      sent.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
      sent.on('socket', () => {
        if (!sent.reusedSocket) this.#connections++;
      });
      sent.end('body');
    });
  }
}
