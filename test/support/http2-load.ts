import { beside } from './client.ts';
import { askHttp2, connectHttp2, type StreamAnswer } from './http2-client.ts';
import type { Running } from './tsunicorn.ts';

// RFC 9113, 7
const REFUSED_STREAM = 7;
/** How many requests of a client are under way. */
const STREAMS = 4;

/** Clients of HTTP/2 that send again what was refused, as it was not handled (RFC 9113, 8.7). */
export interface Http2Load {
  /** How many requests came to which status and code of their stream, such as `200 0`. */
  readonly outcomes: ReadonlyMap<string, number>;
  answered(): number;
  stop(): Promise<void>;
}

/** Each client has a session at a time and asks for one of the paths, with a number for each request in its query. */
export function startHttp2Load(url: string, paths: readonly string[]): Http2Load {
  const stop = new AbortController();
  const outcomes = new Map<string, number>();
  let asked = 0;
  const client = async (path: string) => {
    let session = connectHttp2(url);
    const ask = async (): Promise<StreamAnswer> => {
      const target = `${path}?${++asked}`;
      for (;;) {
        if (session.closed || session.destroyed) session = connectHttp2(url);
        const answer = await askHttp2(session, target);
        if (answer.code !== REFUSED_STREAM) return answer;
      }
    };
    while (!stop.signal.aborted)
      for (const { status, code } of await Promise.all(Array.from({ length: STREAMS }, ask)))
        outcomes.set(`${status} ${code}`, (outcomes.get(`${status} ${code}`) ?? 0) + 1);
  };
  const clients = beside(paths.map(client));
  return {
    outcomes,
    answered: () => outcomes.get('200 0') ?? 0,
    async stop() {
      stop.abort();
      await clients;
    },
  };
}

/** Reloads so many times, each once the one before has ended: the old workers are gone, and the new ones have answered. */
export async function reloadInTurn(running: Running, load: Http2Load, times: number): Promise<void> {
  for (let generation = 2; generation < times + 2; generation++) {
    const old = running.workers();
    running.signal('SIGHUP');
    await running.waitForLog(new RegExp(`Generation ${generation} is ready`));
    await running.waitFor(() => {
      const now = running.workers();
      return now.length === old.length && !now.some((pid) => old.includes(pid));
    }, 'the old workers to be gone');
    const before = load.answered();
    await running.waitFor(() => load.answered() > before + 20, 'more answers');
  }
}

/** The requests of an access log in the common format that were answered, by their target and number. */
export function targetsIn(accessLog: string): readonly string[] {
  return [...accessLog.matchAll(/"GET (\S+) HTTP\/2\.0" 200 /g)].map(([, target = '']) => target);
}
