import { once } from 'node:events';
import { get } from 'node:http';
import net, { type Socket } from 'node:net';
import { parseArgs } from 'node:util';
import { built, type Candidate, server } from './candidate.ts';
import { type Launched, launch } from './launch.ts';
import { count } from './options.ts';
import { createProcesses } from './processes.ts';

// What idle connections cost, each of which has had a request, beside bare node:http in the same run: the memory in use
// after a collection.

const MOST = 1.1;
const AT_ONCE = 100;
/**
 * Both drop what they no longer need within this. V8 gives back the young generation, up to 50 MB however many connections
 * there are, only when a process has allocated little for a while.
 */
const SETTLED_MS = 25_000;
const REQUEST = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';

const { values } = parseArgs({ options: { connections: { type: 'string', default: '9000' } } });
const wanted = count('connections', values.connections);

const binds = ['-w', '1', '-b', '127.0.0.1:0', '--worker-connections', `${wanted + 10}`];
const CANDIDATES: readonly Candidate[] = [
  { name: 'node:http', processes: 1, command: [process.execPath, server('idle-bare.js')] },
  {
    name: 'tsunicorn',
    processes: 1,
    command: [process.execPath, built, `${server('idle-app.js')}:app`, ...binds],
  },
];

const processes = createProcesses();
const costs: Memory[] = [];
for (const candidate of CANDIDATES) {
  const launched = await launch(candidate, processes);
  const cost = await costOf(launched);
  costs.push(cost);
  const [rss, used] = [cost.rss, cost.used].map((bytes) => (bytes / 1024).toFixed(1));
  console.log(`${candidate.name}: ${rss} KB a connection, of ${wanted}; in the heap ${used} KB`);
  await processes.end(launched.child);
}
const [bare, ours] = costs;
const ratio = (ours?.rss ?? 0) / (bare?.rss ?? 0);
console.log(`× ${ratio.toFixed(3)}; at most × ${MOST}: ${ratio <= MOST ? 'reached' : 'not reached'}`);
process.exit(0);

async function costOf({ url }: Launched): Promise<Memory> {
  // The first requests load code.
  for (let asked = 0; asked < 20; asked++) await memoryOf(url);
  const before = await memoryOf(url);
  const sockets: Socket[] = [];
  for (let left = wanted; left > 0; left -= AT_ONCE)
    sockets.push(...(await Promise.all(Array.from({ length: Math.min(left, AT_ONCE) }, () => connect(url)))));
  await new Promise((done) => setTimeout(done, SETTLED_MS));
  const after = await memoryOf(url);
  const open = sockets.filter(({ closed }) => !closed).length;
  if (open < wanted) throw new Error(`only ${open} of ${wanted} connections stayed open`);
  for (const socket of sockets) socket.destroy();
  return { used: (after.used - before.used) / wanted, rss: (after.rss - before.rss) / wanted };
}

interface Memory {
  /** The JavaScript heap and what hangs on it. */
  readonly used: number;
  /** Resident. */
  readonly rss: number;
}

/** A connection that has had an answer. */
async function connect(url: string): Promise<Socket> {
  const socket = net.connect(Number(new URL(url).port), '127.0.0.1');
  socket.write(REQUEST);
  await once(socket, 'data');
  return socket;
}

function memoryOf(url: string): Promise<Memory> {
  return new Promise((resolve, reject) => {
    get(`${url}memory`, { agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (more: string) => {
        text += more;
      });
      response.once('end', () => resolve(JSON.parse(text)));
    }).once('error', reject);
  });
}
