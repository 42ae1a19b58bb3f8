import { availableParallelism } from 'node:os';
import { availableMemory, inMiB } from '../../process/available-memory.ts';
import type { Settings } from '../../settings/catalogue/catalogue.ts';
import { classNameOf } from '../../settings/class-name.ts';

/** The memory of the arbiter itself, and of the process that reads the configuration at a reload. */
const ARBITER_BYTES = 96 * 1024 ** 2;
/** The most of a worker's memory that is for its heap; the rest is for buffers, which the application makes. */
const HEAP_PART = 0.75;
/**
 * What a worker whose heap is full has beside it, as measured with Node 26.10 (its private memory, less the limit): the
 * young generation, what the collector needs to know of each page, code, stacks, and the rest of the process.
 *
 *     limit   64   96  128  256  512 MiB
 *     beside  38   54   86  119   92 MiB
 */
const BESIDE = { leastBytes: 40 * 1024 ** 2, part: 0.35, mostBytes: 120 * 1024 ** 2 };
/** The least heap: with less an application hardly loads. */
const LEAST_BYTES = 64 * 1024 ** 2;

export interface HeapInput {
  readonly settings: Pick<
    Settings,
    'workerHeap' | 'workers' | 'workersMax' | 'workerClass' | 'threads' | 'threadMaxMemory'
  >;
  /** What all processes of the service together may use. */
  readonly availableBytes: number;
  readonly processors: number;
  /** The options of Node that workers inherit: the arbiter's own, and NODE_OPTIONS. */
  readonly nodeOptions: string;
}

export interface HeapSize {
  /** For --max-old-space-size, in MiB; null leaves it to Node. */
  readonly megabytes: number | null;
  /** For the log. */
  readonly why: string;
}

/** The answer for this machine and for workers with the environment `env`. */
export function workerHeapOption(settings: HeapInput['settings'], env: NodeJS.ProcessEnv): HeapSize {
  const nodeOptions = [...process.execArgv, env.NODE_OPTIONS ?? ''].join(' ');
  const processors = availableParallelism();
  return sizeWorkerHeap({ settings, availableBytes: availableMemory(), processors, nodeOptions });
}

/** How large the JavaScript heap of each worker may be, as --worker-heap asks for. */
export function sizeWorkerHeap(input: HeapInput): HeapSize {
  const { settings, nodeOptions } = input;
  const { workerHeap } = settings;
  const isThread = classNameOf(settings) === 'thread';
  if (workerHeap === null) return { megabytes: null, why: 'Node decides' };
  // The option applies to the whole process and would replace the limit of each thread.
  if (isThread && settings.threadMaxMemory !== null)
    return { megabytes: null, why: 'Node decides, as --thread-max-memory limits the threads' };
  const each = isThread ? ' in each thread' : '';
  if (workerHeap !== 'auto') return answer(workerHeap, (size) => `at most ${size}${each} (--worker-heap)`);
  if (/--max[-_]old[-_]space[-_]size/.test(nodeOptions))
    return { megabytes: null, why: 'as Node’s own --max-old-space-size says, before --worker-heap auto' };
  const bytes = partOf(input, isThread ? (settings.threads ?? input.processors) : 1);
  const whole = inMiB(input.availableBytes);
  return answer(Math.max(bytes, LEAST_BYTES), (size) =>
    bytes < LEAST_BYTES
      ? `at most ${size}${each}, the least that makes sense, although ${whole} have less for each of so many`
      : `at most ${size}${each} (--worker-heap auto, of ${whole})`,
  );
}

function partOf({ settings, availableBytes }: HeapInput, threads: number): number {
  const workers = Math.max(settings.workers, settings.workersMax ?? 0);
  return heapIn((availableBytes - ARBITER_BYTES) / workers / threads);
}

/** The heap of one process or thread that may use so much memory in all. */
function heapIn(bytes: number): number {
  const { leastBytes, part, mostBytes } = BESIDE;
  const beside = Math.max((bytes - leastBytes) / (1 + part), bytes - mostBytes);
  return Math.min(bytes * HEAP_PART, beside);
}

function answer(bytes: number, why: (size: string) => string): HeapSize {
  const megabytes = Math.floor(bytes / 1024 ** 2);
  return { megabytes, why: why(`${megabytes}M`) };
}
