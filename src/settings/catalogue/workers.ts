import { availableParallelism } from 'node:os';
import { choice, integer, scalar } from '../kinds.ts';
import { type Kind, setting } from '../setting.ts';

// Apart, as inside setting() its words would widen to string.
const workerClass = choice(['async', 'sync'], {}, 'class');

/** The processes that serve. */
export const workers = {
  workers: setting({
    doc: 'How many worker processes serve. `auto` is one for each processor that the process may use, a container’s quota included.',
    flags: '-w, --workers',
    kind: workerCount(),
    default: 1,
    variables: [{ name: 'WEB_CONCURRENCY', read: (text) => workerCount().fromText(text) }],
  }),
  workerClass: setting({
    doc: 'How a worker serves: `async` or `sync`. `async` is one event loop with many requests at a time. `sync` is one request at a time in the process, answered with `Connection: close`; it accepts only while idle, and serves one Unix socket at most.',
    flags: '-k, --worker-class',
    kind: workerClass,
    default: 'async',
  }),
  workerConnections: setting({
    doc: 'How many connections a worker holds at most. At the limit it stops accepting, and the others or the queue take what comes.',
    flags: '--worker-connections',
    kind: integer({ min: 1 }),
    default: 1000,
  }),
};

function workerCount(): Kind<number, number | 'auto'> {
  const count = integer({ min: 1 });
  const read = (value: unknown) => (value === 'auto' ? availableParallelism() : undefined);
  const attempt = (take: () => number) => {
    try {
      return take();
    } catch {
      // The message of the whole kind, which knows "auto", replaces the number's.
      return undefined;
    }
  };
  return scalar({
    placeholder: 'count',
    expected: `${count.expected} or "auto"`,
    readText: (text) => read(text) ?? attempt(() => count.fromText(text)),
    readValue: (value) => read(value) ?? attempt(() => count.fromValue(value)),
  });
}
