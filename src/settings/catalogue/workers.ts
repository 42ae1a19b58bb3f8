import { availableParallelism } from 'node:os';
import { UsageError } from '../../support/errors.ts';
import { nullable } from '../compound-kinds.ts';
import { choice, integer, readSize, scalar, size, writeSize } from '../kinds.ts';
import { type Kind, setting } from '../setting.ts';

// Apart, as inside setting() its words would widen to string.
const workerClass = choice(['async', 'sync', 'thread'], {}, 'class');

/** The processes that serve. */
export const workers = {
  workers: setting({
    doc: 'How many worker processes serve. `auto` is one for each processor that the process may use, a container’s quota included.',
    flags: '-w, --workers',
    kind: workerCount(),
    default: 1,
    variables: [{ name: 'WEB_CONCURRENCY', read: (text) => workerCount().fromText(text) }],
  }),
  workersMin: setting({
    doc: 'The fewest workers where their number follows the load. It needs `workersMax` too.',
    flags: '--workers-min',
    kind: nullable(integer({ min: 1 })),
    default: null,
  }),
  workersMax: setting({
    doc: 'The most workers where their number follows the load: more within seconds where the workers are busy, one fewer after a minute in which it would not have been missed. It needs `workersMin` too; `workers` is the number to begin with.',
    flags: '--workers-max',
    kind: nullable(integer({ min: 1 })),
    default: null,
  }),
  spareWorkers: setting({
    doc: 'How many more workers stand by: the application is loaded, and no connection accepted. Where a worker dies or is replaced, one of them takes its place in milliseconds, without waiting for a boot.',
    flags: '--spare-workers',
    kind: integer({ min: 0 }),
    default: 0,
  }),
  workerClass: setting({
    doc: 'How a worker serves: `async`, `sync` or `thread`. `async` is one event loop with many requests at a time. `sync` is one request at a time in the process, answered with `Connection: close`; it accepts only while idle. `thread` runs the application in threads, one request at a time in each, for handlers that keep the processor busy; WebSockets are answered with 501 there.',
    flags: '-k, --worker-class',
    kind: workerClass,
    default: 'async',
  }),
  reloadBatch: setting({
    doc: 'How many workers are replaced at a time, in a reload and when workers are recycled: so many more than wanted may live meanwhile. Each old one goes when a new one is ready, so that never fewer than wanted serve.',
    flags: '--reload-batch',
    kind: integer({ min: 1 }),
    default: 1,
    needs: { notWith: 'reload' },
  }),
  workerConnections: setting({
    doc: 'How many connections a worker holds at most. At the limit it stops accepting, and the others or the queue take what comes.',
    flags: '--worker-connections',
    kind: integer({ min: 1 }),
    default: 1000,
  }),
  threads: setting({
    doc: 'How many threads of each worker run the application, where the class is `thread`. Class `sync` with more than one is class `thread`.',
    flags: '--threads',
    kind: nullable(integer({ min: 1, max: 1024 })),
    default: null,
    defaultText: 'one for each processor that the process may use',
    needs: { classes: ['thread'] },
  }),
  threadMaxMemory: setting({
    doc: 'How much memory the JavaScript objects of one thread may take, such as `256M`; buffers do not count. A thread that needs more is replaced, and its request is answered with a 503. Without it, the limit is the one that Node sets itself.',
    flags: '--thread-max-memory',
    kind: nullable(size({ min: 16 * 1024 ** 2 })),
    default: null,
    needs: { classes: ['thread'] },
  }),
  workerHeap: setting({
    doc: 'How large the JavaScript heap of a worker may grow (Node’s `--max-old-space-size`), such as `512M`; in class `thread` that of each of its threads, where `threadMaxMemory` does not say so already. `auto` is three quarters of the even part that each worker, or thread, has of what the container may use; a `--max-old-space-size` in NODE_OPTIONS then wins. Without it, the limit is Node’s own, which takes each process for the only one.',
    flags: '--worker-heap',
    kind: nullable(workerHeap()),
    default: null,
  }),
  threadQueue: setting({
    doc: 'How many requests of a worker wait at most for a thread. Beyond them the answer is a 503 with `Retry-After`.',
    flags: '--thread-queue',
    kind: integer({ min: 0 }),
    default: 512,
    needs: { classes: ['thread'] },
  }),
};

function workerHeap(): Kind<number | 'auto', number | string> {
  const least = 32 * 1024 ** 2;
  const read = (value: unknown) => (value === 'auto' ? value : readSize(value, least));
  return scalar({
    placeholder: 'size',
    expected: `a size of at least ${writeSize(least)}, such as 512M, or "auto"`,
    readText: read,
    readValue: read,
    write: (value) => (value === 'auto' ? value : writeSize(value)),
  });
}

interface Counts {
  readonly workers: number;
  readonly workersMin: number | null;
  readonly workersMax: number | null;
}

/**
 * The number of workers to begin with: `workers`, or the fewest where that was not `given`. `sourceOf` is how an error
 * about one of the three begins. Throws a UsageError where they do not fit together.
 */
export function startingWorkers(
  { workers: count, workersMin: min, workersMax: max }: Counts,
  given: boolean,
  sourceOf: (name: keyof Counts) => string,
): number {
  if (min === null && max === null) return count;
  if (max === null)
    throw new UsageError(`${sourceOf('workersMin')}: an upper limit is missing; write --workers-max too`);
  if (min === null)
    throw new UsageError(`${sourceOf('workersMax')}: a lower limit is missing; write --workers-min too`);
  if (min > max) throw new UsageError(`${sourceOf('workersMin')}: ${min} is more than --workers-max, ${max}`);
  if (!given) return min;
  if (count >= min && count <= max) return count;
  throw new UsageError(
    `${sourceOf('workers')}: ${count} is not from ${min} (--workers-min) to ${max} (--workers-max)`,
  );
}

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
