import { nullable } from '../compound-kinds.ts';
import { integer, seconds, share, size } from '../kinds.ts';
import { setting } from '../setting.ts';

const MIB = 1024 ** 2;

/** When a worker is replaced although nothing is wrong with it. */
export const recycling = {
  maxRequests: setting({
    doc: 'After how many requests a worker is replaced. 0 is never. It serves on until its replacement is ready. Upgraded connections do not count.',
    flags: '--max-requests',
    kind: integer({ min: 0 }),
    default: 0,
  }),
  maxRequestsJitter: setting({
    doc: 'How many requests more a worker may serve, drawn at random for each, so that not all are replaced at once.',
    flags: '--max-requests-jitter',
    kind: nullable(integer({ min: 0 })),
    default: null,
    defaultText: 'a tenth of `maxRequests`',
    needs: { anyOf: ['maxRequests'] },
  }),
  maxLifetime: setting({
    doc: 'After how long a worker is replaced. 0 is never.',
    flags: '--max-lifetime',
    kind: seconds(),
    default: 0,
  }),
  maxLifetimeJitter: setting({
    doc: 'How much longer a worker may live, drawn at random for each.',
    flags: '--max-lifetime-jitter',
    kind: nullable(seconds()),
    default: null,
    defaultText: 'a tenth of `maxLifetime`',
    needs: { anyOf: ['maxLifetime'] },
  }),
  maxMemory: setting({
    doc: 'The memory (resident set) of a worker process above which it is replaced: a size such as `512M` or `1.5G` for each worker, or a percentage such as `80%`, which is of what the container may use (without a limit, of the machine’s memory) and for all `workers` together: each has its even part.',
    flags: '--max-memory',
    kind: nullable(share({ min: 16 * MIB })),
    default: null,
  }),
  maxHeap: setting({
    doc: 'The used JavaScript heap of a worker above which it is replaced, such as `400M`. Garbage that was not collected yet counts. In class `thread` it is the heap of the main thread, not of those that run the application.',
    flags: '--max-heap',
    kind: nullable(size({ min: 16 * MIB })),
    default: null,
  }),
};
