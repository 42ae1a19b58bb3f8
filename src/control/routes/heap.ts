import { randomBytes } from 'node:crypto';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { aboutWorker } from '../../log/about-worker.ts';
import { inMiB } from '../../process/available-memory.ts';
import { freeMemory } from '../../process/free-memory.ts';
import type { HeapRoom } from '../../process/ipc/inspection.ts';
import { classNameOf } from '../../settings/class-name.ts';
import { fs } from '../../support/builtins.ts';
import { messageOf } from '../../support/errors.ts';
import { counted } from '../../support/text.ts';
import type { Controlled, WorkerView } from '../controlled.ts';
import { type Asked, type Lines, Refusal, type Route } from '../route.ts';
import { tell } from '../tell.ts';
import { secondsOf, until } from '../until.ts';
import { ask, threadOf } from './inspect.ts';
import { workerIn } from './workers.ts';

/** The thread says how large its heap is. */
const ROOM_PATIENCE_MS = 8000;
/** A heap of 2 GB takes five minutes. */
const WRITE_MS = 15 * 60_000;
/** What the worker has accepted may be finished first for so long; a loop that spins finishes nothing. */
const DRAIN_MS = 5000;

/** V8 builds the snapshot in memory: 8.6 to 9.3 times the heap for many small objects, and less for large ones. */
const MEMORY_FACTOR = 10;
const MEMORY_BASE = 32 * 1024 ** 2;
/** 1.8 times for many small objects. */
const FILE_FACTOR = 2;

/** Where a heap goes: two absolute paths in one directory, the second while it is not complete. */
interface Place {
  readonly file: string;
  readonly unfinished: string;
  /** Null is the main thread. */
  readonly threadId: number | null;
}

/** Replaces the worker, holds it when it accepts no more, and has it write its heap; then it ends. */
async function heap(asked: Asked, service: Controlled): Promise<object> {
  const worker = workerIn(service, asked.params.slot);
  const { age, slot, pid } = worker;
  const place = placeOf(asked);
  const waitMs = secondsOf(asked.query) * 1000;
  await refuseWithoutRoom(asked, worker, place);
  await tell(service, { name: 'hold', age, forMs: waitMs + DRAIN_MS + WRITE_MS });
  try {
    const lines = asked.stream();
    const replaced = await until(asked, lines, service, {
      look: () => (worker.state.name === 'ready' ? null : { outcome: 'ready' as const }),
      progress: () => replacingText(service, worker),
    });
    if (replaced.outcome !== 'ready') return { ...replaced, slot, pid };
    await drained(asked, lines, service, worker);
    return { ...(await write(asked, lines, service, worker, place)), slot, pid };
  } finally {
    void service.tell({ name: 'release', age });
  }
}

function placeOf({ query }: Asked): Place {
  const file = query.get('file') ?? '';
  if (!isAbsolute(file)) throw new Refusal(400, `file: expected an absolute path, got "${file}"`);
  const unfinished = join(dirname(file), `.${basename(file)}.${randomBytes(8).toString('hex')}.tmp`);
  return { file, unfinished, threadId: threadOf(query.get('thread')) };
}

async function refuseWithoutRoom({ query, signal }: Asked, worker: WorkerView, place: Place): Promise<void> {
  const { file, threadId } = place;
  const answer = await ask(worker, { what: 'heapRoom', file, threadId }, ROOM_PATIENCE_MS, signal);
  if (query.has('force')) return;
  const { usedBytes, freeBytes }: HeapRoom = JSON.parse(answer);
  const [memory, needed] = [freeMemory(), usedBytes * MEMORY_FACTOR + MEMORY_BASE];
  const what = `heap refused: to write a heap of ${inMiB(usedBytes)}`;
  if (needed > memory)
    throw new Refusal(
      409,
      `${what} takes up to ${inMiB(needed)} of memory, and ${inMiB(memory)} are free; --force tries all the same`,
    );
  const length = usedBytes * FILE_FACTOR;
  if (length > freeBytes)
    throw new Refusal(
      409,
      `${what} takes up to ${inMiB(length)} of ${dirname(file)}, and ${inMiB(freeBytes)} are free there; choose another directory, or --force`,
    );
}

function replacingText(service: Controlled, { slot, age }: WorkerView): string {
  const next = service.workers().find((worker) => worker.slot === slot && worker.age > age);
  return next === undefined
    ? `slot ${slot}: another worker is to serve first`
    : `slot ${slot}: the next worker (pid ${next.pid}) is ${next.state.name}`;
}

/** Resolves when the worker has finished what it accepted, or has had its time for that. */
async function drained(
  asked: Asked,
  lines: Lines,
  { journal }: Controlled,
  worker: WorkerView,
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const look = () => {
    if (worker.known.isDrained || worker.state.name !== 'retiring' || asked.signal.aborted) resolve();
  };
  const timer = setTimeout(resolve, DRAIN_MS);
  const endWatch = journal.watch(look);
  const { length } = worker.requests.left;
  if (length > 0)
    lines.send({
      progress: `worker ${worker.pid}: ${counted(length, 'request')} to finish first, within 5 s`,
    });
  look();
  await promise;
  clearTimeout(timer);
  endWatch();
}

/** The heap is written also where the client has gone meanwhile. */
async function write(
  { log }: Asked,
  lines: Lines,
  service: Controlled,
  worker: WorkerView,
  place: Place,
): Promise<object> {
  const isPool = classNameOf(worker.origin.loaded.settings) === 'thread' && place.threadId === null;
  const which = isPool
    ? 'the heap of its main thread; that of the application is in its threads'
    : 'its heap';
  lines.send({ progress: `worker ${worker.pid} writes ${which}` });
  const startedMs = performance.now();
  const stays = new AbortController().signal;
  try {
    const bytes = Number(await ask(worker, { what: 'heap', ...place }, WRITE_MS, stays));
    const durationMs = Math.round(performance.now() - startedMs);
    const { file } = place;
    log.info(`Worker (pid: ${worker.pid}) has written its heap to ${file}: ${inMiB(bytes)}`, {
      event: 'heap-written',
      ...aboutWorker(worker),
      ...{ file, bytes, durationMs },
    });
    return { outcome: 'written', file, bytes, durationMs };
  } catch (error) {
    const reason = messageOf(error);
    removeUnfinished(service, worker, place);
    log.warning(`The heap was not written: ${reason}`, {
      event: 'heap-failed',
      ...aboutWorker(worker),
      reason,
    });
    throw error;
  }
}

/** What a worker leaves that is killed while it writes, or goes on though nobody waits for it any more. */
function removeUnfinished({ journal }: Controlled, worker: WorkerView, { unfinished }: Place): void {
  const remove = () => {
    try {
      // At once, as the service may end with the worker.
      fs.rmSync(unfinished, { force: true });
    } catch {
      // The directory is the worker's, and not ours.
    }
  };
  remove();
  if (worker.state.name === 'exited') return;
  const endWatch = journal.watch(() => {
    if (worker.state.name !== 'exited') return;
    endWatch();
    remove();
  });
}

export const heapRoutes: readonly Route[] = [
  {
    method: 'POST',
    path: '/v1/workers/:slot/heap',
    doc: 'Writes the heap of one worker to `file`, an absolute path, as the user of the worker; `thread` as above. Another worker takes its place first (within `timeout` seconds), and it ends afterwards. Refused without `&force` where memory or disk have no room. The answer has a line for each progress, and ends with `outcome`: `written` or `timeout`.',
    handle: heap,
  },
];
