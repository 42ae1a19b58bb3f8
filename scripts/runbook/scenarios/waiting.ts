import net from 'node:net';
import { withSockets } from '../application.ts';
import type { Scenario } from '../scenario.ts';
import { until } from '../stage.ts';

/** Requests and connections that wait. */
export const waiting: readonly Scenario[] = [
  {
    title: 'A slow dependency',
    cause: 'Requests wait for something that the application asks and that does not answer.',
    cure: '`tsunicornctl requests` shows which path. Bound the wait in the application (`AbortSignal.timeout()`), and every request with `--request-timeout`.',
    shares: 'stays',
    make: (draw) => ({
      provoke: (stage) =>
        stage.ask(`${draw.paths.wait}?ms=${draw.number(60_000, 10_000, 90_000)}`, draw.number(8, 2, 30)),
      log: null,
      status: new RegExp(`requests? waits? for an answer .*${draw.paths.wait}`),
    }),
  },
  {
    title: 'A promise that never settles',
    cause: 'A request is neither answered nor fails: nobody calls `resolve`.',
    cure: '`tsunicornctl requests` shows its path and age. `--request-timeout` ends such requests with 503.',
    shares: 'stays',
    make: (draw) => ({
      provoke: (stage) => stage.ask(draw.paths.lose, draw.number(1, 1, 5)),
      log: null,
      status: new RegExp(`requests? waits? for an answer .*${draw.paths.lose}`),
    }),
  },
  {
    title: 'DNS that hangs',
    cause: 'A name is not resolved, and the requests that need it wait.',
    cure: 'As of a slow dependency. `dig` on the host; a local cache (systemd-resolved, NodeLocal DNSCache).',
    shares: 'stays',
    make: (draw) => ({
      provoke: (stage) => stage.ask(draw.paths.lookup, draw.number(3, 1, 12)),
      log: null,
      status: new RegExp(`requests? waits? for an answer .*${draw.paths.lookup}`),
    }),
  },
  {
    title: 'Slow clients',
    cause: 'Clients open connections and send nothing, or little: on purpose, or by a bad network.',
    cure: 'Connections that have not finished a header make room for others. Put a proxy before the service, and a limit by address into it.',
    make: (draw) => {
      const most = draw.number(20, 5, 60);
      const sent = draw.pick(SLOW);
      return {
        workers: 1,
        // A worker of class sync takes connections only while it is idle.
        ...(draw.workerClass === 'sync' ? { workerClass: 'async' } : {}),
        args: ['--worker-connections', `${most}`],
        provoke: (stage) => {
          for (let count = 0; count < most * 3; count++) {
            const socket = net.connect(stage.socket, () => socket.write(sent));
            socket.on('error', () => {});
          }
        },
        log: new RegExp(`${most} of ${most} connections`),
        status: new RegExp(`${most} of ${most} connections`),
      };
    },
  },
  {
    title: 'All workers are busy',
    cause: 'Each worker has work, and new connections wait in the queue of the kernel until one is free.',
    cure: '`tsunicornctl requests` shows for what the workers wait, or what they compute. `tsunicornctl scale +1`, if processors are idle; more hosts otherwise.',
    alert: 'TsunicornQueueTime',
    make: (draw) => {
      const workers = draw.number(1, 1, 3);
      return {
        workers,
        workerClass: 'sync',
        address: 'tcp',
        provoke: async (stage) => {
          const path = draw.pick([draw.paths.wait, draw.paths.lose, draw.paths.compute]);
          stage.ask(path, workers);
          await stage.pause(500);
          stage.ask('/', draw.number(6, 2, 20));
        },
        log: null,
        status: /queue: \d+ connections? of at most \d+ waits? at .*, one for \d/,
      };
    },
  },
  {
    title: 'Uneven WebSockets',
    cause: 'Connections that last stay where they were opened: after scaling up, the new workers have none.',
    cure: 'Restart the workers that have most: their clients connect again, and are spread.',
    make: (draw) => {
      const program = draw.program === 'script' ? 'script' : 'listener';
      const sockets = draw.number(60, 52, 120);
      return {
        workers: 1,
        workerClass: 'async',
        program,
        files: { 'app.mjs': withSockets({ program, paths: draw.paths }) },
        provoke: async (stage) => {
          await Promise.all(Array.from({ length: sockets }, () => upgraded(stage.socket)));
          const wanted = draw.number(3, 2, 4);
          await stage.client.post(`/v1/scale?count=${wanted}`);
          await until(async () => (await stage.client.status()).workers.ready === wanted, 'more workers');
        },
        log: null,
        status: new RegExp(`${sockets} of ${sockets} connections`),
      };
    },
  },
];

const HEAD = 'POST / HTTP/1.1\r\nHost: a\r\n';
const SLOW = [HEAD, `${HEAD}Content-Length: 50000\r\n\r\nhalf a bo`, ''] as const;

function upgraded(path: string): Promise<void> {
  const socket = net.connect(path);
  socket.on('error', () => {});
  socket.write(
    'GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n',
  );
  return new Promise((resolve) => void socket.once('data', () => resolve()));
}
