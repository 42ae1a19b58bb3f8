import http from 'node:http';

export interface LoadTarget {
  /** `http://host:port`, or `unix:/path`. */
  readonly url: string;
  readonly path?: string;
}

export interface LoadResult {
  readonly answered: number;
  /** How many clients were refused, and ended. */
  readonly refused: number;
  /** One entry a failed request: `ECONNRESET keep-alive`, `502 close`, … */
  readonly failures: readonly string[];
}

export interface Load {
  /** How many requests have been answered so far. */
  readonly answered: () => number;
  /** Lets every client finish the request it is in; resolves with the whole result. */
  stop(): Promise<LoadResult>;
  /** Resolves when every client has ended by itself: refused, as the service is gone. */
  refused(): Promise<LoadResult>;
}

/**
 * `clients` loops of one request after another, half of them over one keep-alive connection each, half with a new
 * connection a request. A client ends for good when its connection is refused.
 */
export function startLoad(target: LoadTarget, clients: number): Load {
  const stop = new AbortController();
  let answered = 0;
  let refused = 0;
  const failures: string[] = [];
  const loops = Array.from({ length: clients }, (_, index) => loop(index % 2 === 0 ? 'keep-alive' : 'close'));
  const result = () => Promise.all(loops).then(() => ({ answered, refused, failures }));

  async function loop(kind: 'keep-alive' | 'close'): Promise<void> {
    const agent = new http.Agent({ keepAlive: kind === 'keep-alive', maxSockets: 1 });
    while (!stop.signal.aborted) {
      const outcome = await request(target, agent);
      if (outcome === 'ECONNREFUSED' || outcome === 'ENOENT') {
        refused++;
        break;
      }
      if (outcome === '200') answered++;
      else failures.push(`${outcome} ${kind}`);
    }
    agent.destroy();
  }

  return {
    answered: () => answered,
    refused: result,
    stop() {
      stop.abort();
      return result();
    },
  };
}

/** One request, over a connection of its own unless an agent is given; resolves with its status or the code of its error. */
export function request({ url, path = '/' }: LoadTarget, agent: http.Agent | false = false): Promise<string> {
  const where = addressOf(url);
  return new Promise((resolve) => {
    const sent = http.get({ ...where, path, agent }, (response) => {
      response.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'error'));
      response.on('end', () => resolve(String(response.statusCode)));
      response.resume();
    });
    sent.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
}

/** What http.get() and net.connect() need to reach `http://host:port`, `unix:/path` or `unix:@name`. */
export function addressOf(
  url: string,
): { host: string; port: number } | { socketPath: string; path: string } {
  if (url.startsWith('unix:')) {
    const path = url.slice('unix:'.length).replace(/^@/, '\0');
    return { socketPath: path, path };
  }
  const { hostname, port } = new URL(url);
  return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) };
}
