import { clientOf, Reading } from './client.ts';
import type { Fixture } from './fixture.ts';

export interface LoadResult {
  readonly answered: number;
  /** One entry a failed request. */
  readonly failures: readonly string[];
}

export interface Load {
  /** How many requests have been answered so far. */
  readonly answered: () => number;
  /** Lets every client finish the request that it is in. */
  stop(): Promise<LoadResult>;
}

/** Clients that ask one request after another, half of them on a connection that they keep. */
export function startLoad(
  { protocol, hello }: Pick<Fixture, 'protocol' | 'hello'>,
  origin: string,
  clients: number,
): Load {
  const stop = new AbortController();
  const failures: string[] = [];
  let answered = 0;

  async function loop(keeps: boolean): Promise<void> {
    const client = clientOf(protocol, origin, keeps);
    while (!stop.signal.aborted) {
      try {
        const { status, body } = await client.ask(hello);
        await new Reading(body).whole;
        if (status === 200) answered++;
        else failures.push(`${status}`);
      } catch (error) {
        failures.push(String((error as NodeJS.ErrnoException).code ?? error));
      }
    }
    client.close();
  }

  const loops = Array.from({ length: clients }, (_, index) => loop(index % 2 === 0));
  return {
    answered: () => answered,
    async stop() {
      stop.abort();
      await Promise.all(loops);
      return { answered, failures };
    },
  };
}
