// The clients of `npm run fleet`, a process of its own in the network of the front:
// node load-process.ts URL GETS-A-SECOND POSTS-A-SECOND
// Prints a line when the front answers and it has begun; after SIGTERM, when each request has ended, a line of JSON for each.
import { once } from 'node:events';
import { Agent, request as httpRequest } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { evenArrivals } from '../../bench/arrivals.ts';
import { openLoop, type Send } from '../../bench/client.ts';
import type { Method, Sent } from './sent.ts';

const CONNECTIONS = 32;
const GIVE_UP_MS = 10_000;
const START_MS = 30_000;
const BODY = 'x'.repeat(1000);

const [url = '', gets = '0', posts = '0'] = process.argv.slice(2);
const over = new AbortController();
process.once('SIGTERM', () => over.abort());

await answered();
process.stdout.write('begun\n');
const all = await Promise.all([load('GET', Number(gets)), load('POST', Number(posts))]);
if (
  !process.stdout.write(
    `${all
      .flat()
      .map((one) => JSON.stringify(one))
      .join('\n')}\n`,
  )
)
  await once(process.stdout, 'drain');
process.exit();

/** Resolves as soon as the front answers. */
async function answered(): Promise<void> {
  for (const untilMs = performance.now() + START_MS; ; ) {
    const status = await ask('GET', '/', new Agent()).catch(() => 0);
    if (status === 200) return;
    if (performance.now() > untilMs) throw new Error(`${url} does not answer`);
    await pause(50);
  }
}

/** Sends so many requests a second until it is over: seconds of an open loop, none of which waits for the one before. */
async function load(method: Method, perSecond: number): Promise<readonly Sent[]> {
  const send = sender(method);
  const startMs = performance.now();
  const seconds: Promise<readonly Sent[]>[] = [];
  for (let second = 0; !over.signal.aborted; second += 1) {
    const waitMs = startMs + second * 1000 - performance.now();
    if (waitMs > 0) await pause(waitMs);
    seconds.push(oneSecond(method, perSecond, send));
  }
  return (await Promise.all(seconds)).flat();
}

async function oneSecond(method: Method, perSecond: number, send: Sender): Promise<readonly Sent[]> {
  const arrivals = evenArrivals(1000 / perSecond, 1, '/').map((arrival, index) =>
    // Some of them are under way at any time.
    index % 5 === 0 ? { ...arrival, path: '/slow' } : arrival,
  );
  const startMs = Date.now();
  const outcomes: string[] = [];
  const timed = await openLoop(
    arrivals,
    send((index, outcome) => {
      outcomes[index] = outcome;
    }),
    200,
  );
  return timed.map(({ ms }, index) => ({
    method,
    dueMs: startMs + (arrivals[index]?.atMs ?? 0),
    ms: ms === Number.POSITIVE_INFINITY ? null : ms,
    outcome: outcomes[index] ?? 'unknown',
  }));
}

/** Makes a sender of an open loop that tells what became of each of its requests. */
type Sender = (tell: (index: number, outcome: string) => void) => Send;

function sender(method: Method): Sender {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  return (tell) => {
    let sent = 0;
    return async (path) => {
      const index = sent++;
      try {
        const status = await ask(method, path, agent);
        tell(index, `${status}`);
        return status;
      } catch (error) {
        tell(index, error instanceof Error && 'code' in error ? `${error.code}` : String(error));
        throw error;
      }
    };
  };
}

function ask(method: Method, path: string, agent: Agent): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(new URL(path, url), { agent, method, timeout: GIVE_UP_MS }, (response) => {
      response.once('error', reject).once('end', () => resolve(response.statusCode ?? 0));
      response.resume();
    });
    request.once('timeout', () => request.destroy(new Error(`no answer within ${GIVE_UP_MS} ms`)));
    request.once('error', reject);
    request.end(method === 'POST' ? BODY : undefined);
  });
}
