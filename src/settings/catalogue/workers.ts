import { availableParallelism } from 'node:os';
import { UsageError } from '../../support/errors.ts';
import { nullable } from '../compound-kinds.ts';
import { choice, integer, readSize, scalar, size, writeSize } from '../kinds.ts';
import { type Kind, setting } from '../setting.ts';

// Defined here, because inside setting() its words would widen to string.
const workerClass = choice(['async', 'sync', 'thread'], {}, 'class');

/** The processes that serve. */
export const workers = {
  workers: setting({
    doc: 'The number of worker processes. `auto` is one for each processor that the process may use, with the quota of the container taken into account.',
    flags: '-w, --workers',
    kind: workerCount(),
    default: 1,
    variables: [{ name: 'WEB_CONCURRENCY', read: (text) => workerCount().fromText(text) }],
  }),
  workersMin: setting({
    doc: 'The smallest number of workers when it follows the load. It requires `workersMax`.',
    flags: '--workers-min',
    kind: nullable(integer({ min: 1 })),
    default: null,
  }),
  workersMax: setting({
    doc: 'The largest number of workers when it follows the load. Workers are added within seconds if the workers are busy, and removed one a minute if they were not needed. It requires `workersMin`. `workers` is the number to start with.',
    flags: '--workers-max',
    kind: nullable(integer({ min: 1 })),
    default: null,
  }),
  spareWorkers: setting({
    doc: 'The number of additional workers that load the application and stand by without accepting connections. When a worker dies or is replaced, a spare one takes its place within milliseconds, without waiting for a boot.',
    flags: '--spare-workers',
    kind: integer({ min: 0 }),
    default: 0,
  }),
  workerClass: setting({
    doc: 'How a worker serves: `async`, `sync` or `thread`. `async` serves many requests at a time in one event loop. `sync` serves one request at a time in the process, answers with `Connection: close`, and accepts only while it is idle. `thread` runs the application in threads, one request at a time in each, for handlers that need much processor time; it answers WebSockets with 501.',
    flags: '-k, --worker-class',
    kind: workerClass,
    default: 'async',
  }),
  reloadBatch: setting({
    doc: 'How many workers are replaced at a time, in a reload and in recycling. Up to that many more than `workers` may live in the meantime. Each old worker retires when a new one is ready, so never fewer than `workers` serve.',
    flags: '--reload-batch',
    kind: integer({ min: 1 }),
    default: 1,
    needs: { notWith: 'reload' },
  }),
  workerConnections: setting({
    doc: 'The most connections that a worker holds at a time. At the limit it stops accepting; new connections go to other workers or wait in the kernel’s queue. It then closes connections whose clients have not finished a header for half a second, the oldest first; after a second at the limit, those that have been idle for longest.',
    flags: '--worker-connections',
    kind: integer({ min: 1 }),
    default: 1000,
  }),
  threads: setting({
    doc: 'How many threads of each worker run the application in class `thread`. Class `sync` with more than one thread is class `thread`.',
    flags: '--threads',
    kind: nullable(integer({ min: 1, max: 1024 })),
    default: null,
    defaultText: 'one for each processor that the process may use',
    needs: { classes: ['thread'] },
  }),
  threadMaxMemory: setting({
    doc: 'How much memory the JavaScript objects of one thread may use, such as `256M`. Buffers do not count. A thread that needs more is replaced, and its request is answered with 503. Without it, Node’s own limit applies.',
    flags: '--thread-max-memory',
    kind: nullable(size({ min: 16 * 1024 ** 2 })),
    default: null,
    needs: { classes: ['thread'] },
  }),
  workerHeap: setting({
    doc: 'The limit of a worker’s JavaScript heap, such as `512M` (Node’s `--max-old-space-size`). In class `thread` it applies to each thread, unless `threadMaxMemory` is set. `auto` gives each worker, or thread, its equal share of the container’s memory, less what a process needs beside its heap, and at most three quarters of the share; a `--max-old-space-size` in `NODE_OPTIONS` then takes precedence. Without it, Node’s own limit applies, which assumes a single process.',
    flags: '--worker-heap',
    kind: nullable(workerHeap()),
    default: null,
  }),
  threadQueue: setting({
    doc: 'The most requests of a worker that wait for a thread. Further ones are answered with 503 and `Retry-After`.',
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
