import type { CounterBlock } from '../../src/metrics/block.ts';
import { workerFamilies } from '../../src/metrics/catalogue.ts';
import { observe, placeFor, placeOf } from '../../src/metrics/layout.ts';
import type { Serving } from '../serving.ts';
import { memoryUsage } from './memory-usage.ts';
import { noteRecent } from './recent.ts';

const LOOP = placeOf('nodejs_eventloop_time_seconds_total');
const CPU = placeOf('process_cpu_time_seconds_total');
const HEAP = placeOf('v8js_memory_heap_used_bytes');
const RESIDENT = placeOf('process_memory_usage_bytes');
const CONNECTIONS = placeOf('tsunicorn_connections');
const THREAD_QUEUE = placeOf('tsunicorn_thread_queue_requests');

/** Returns what measures this process into the numbers of its block once a second. */
export function measureProcess(
  block: CounterBlock,
  serving: Pick<Serving, 'connections' | 'queued'>,
): () => void {
  const [measure, note] = [measuring(block.values, serving), noteRecent(block.values)];
  return () => {
    measure();
    note();
  };
}

/** Returns what measures this process into `values`. */
export function measuring(
  values: Float64Array,
  { connections, queued }: Pick<Serving, 'connections' | 'queued'>,
): () => void {
  return () => {
    const { active, idle } = performance.eventLoopUtilization();
    values[LOOP] = active / 1000;
    values[LOOP + 1] = idle / 1000;
    const { user, system } = process.cpuUsage();
    values[CPU] = user / 1e6;
    values[CPU + 1] = system / 1e6;
    const memory = memoryUsage();
    values[HEAP] = memory?.heapUsed ?? values[HEAP] ?? 0;
    values[RESIDENT] = memory?.rss ?? values[RESIDENT] ?? 0;
    values[CONNECTIONS] = connections.size;
    values[THREAD_QUEUE] = queued?.() ?? 0;
  };
}

/** The kinds of PerformanceNodeEntry in the order of the catalogue; V8's minor mark-sweep has no name in Node. */
const KINDS: Readonly<Record<number, string>> = {
  1: 'minor',
  2: 'minor',
  4: 'major',
  8: 'incremental',
  16: 'weakcb',
};

/** A PerformanceNodeEntry of a garbage collection, for which Node's types have no name. */
interface Collection {
  readonly duration: number;
  readonly detail: { readonly kind: number };
}

/**
 * Counts garbage collections from now on, until the returned function is called. Node makes each an entry for an observer,
 * which costs as much as it does to count 100 requests.
 */
export function watchCollections(block: CounterBlock): () => void {
  const { PerformanceObserver } = process.getBuiltinModule('node:perf_hooks');
  const { bounds } = workerFamilies.v8js_gc_duration_seconds;
  const places = new Map(
    Object.entries(KINDS).map(([kind, name]) => [Number(kind), placeFor('v8js_gc_duration_seconds', name)]),
  );
  const observer = new PerformanceObserver((list) => {
    for (const { duration, detail } of list.getEntries() as unknown as readonly Collection[]) {
      const at = places.get(detail.kind);
      if (at !== undefined) observe(block.values, at, bounds, duration / 1000);
    }
    block.changed();
  });
  observer.observe({ entryTypes: ['gc'] });
  return () => observer.disconnect();
}
