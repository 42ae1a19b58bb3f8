import { nullable } from '../compound-kinds.ts';
import { integer, seconds, share, size } from '../kinds.ts';
import { setting } from '../setting.ts';

const MIB = 1024 ** 2;

/** When a worker is replaced although nothing is wrong with it. */
export const recycling = {
  maxRequests: setting({
    doc: 'After how many requests a worker is replaced. 0 means never. The worker serves until its replacement is ready. Upgraded connections do not count.',
    flags: '--max-requests',
    kind: integer({ min: 0 }),
    default: 0,
  }),
  maxRequestsJitter: setting({
    doc: 'The most requests by which `maxRequests` is raised, at random for each worker, so that workers are not replaced all at once.',
    flags: '--max-requests-jitter',
    kind: nullable(integer({ min: 0 })),
    default: null,
    defaultText: 'a tenth of `maxRequests`',
    needs: { anyOf: ['maxRequests'] },
  }),
  maxLifetime: setting({
    doc: 'After how long a worker is replaced. 0 means never.',
    flags: '--max-lifetime',
    kind: seconds(),
    default: 0,
  }),
  maxLifetimeJitter: setting({
    doc: 'The most by which `maxLifetime` is raised, at random for each worker.',
    flags: '--max-lifetime-jitter',
    kind: nullable(seconds()),
    default: null,
    defaultText: 'a tenth of `maxLifetime`',
    needs: { anyOf: ['maxLifetime'] },
  }),
  maxMemory: setting({
    doc: 'The memory (resident set) above which a worker process is replaced. A size such as `512M` or `1.5G` applies to each worker. A percentage such as `80%` is of the container’s memory (without a limit, of the machine’s) and is divided equally among the `workers`.',
    flags: '--max-memory',
    kind: nullable(share({ min: 16 * MIB })),
    default: null,
  }),
  maxHeap: setting({
    doc: 'The used JavaScript heap above which a worker is replaced, such as `400M`. Garbage that is not collected yet counts. In class `thread` it is the heap of the main thread, not of the threads that run the application.',
    flags: '--max-heap',
    kind: nullable(size({ min: 16 * MIB })),
    default: null,
  }),
};
