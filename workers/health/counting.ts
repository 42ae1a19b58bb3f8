import { countBy } from '../../src/http/count-requests.ts';
import type { RequestCount } from '../../src/http/observer.ts';
import { CounterBlock, writeBlock } from '../../src/metrics/block.ts';
import { HEADER } from '../../src/metrics/layout.ts';
import { MEASURES, type MeasureSource } from '../../src/metrics/measured.ts';
import { RequestCounter } from '../../src/metrics/request-counter.ts';
import type { BootSpec, CountersSpec } from '../../src/process/ipc.ts';
import { backgroundClock, every } from '../../src/support/clock.ts';
import type { Inbox } from '../inbox.ts';
import type { Serving } from '../serving.ts';
import { noteDelay, ProcessMeter, watchCollections } from './process-meter.ts';
import type { SharedCounters } from './watchdog.ts';

/** What a worker counts, from its start to its end. */
export interface Counting {
  readonly requests: RequestCount;
  /** What another thread writes while this one is blocked; null where the numbers are sent. */
  readonly shared: SharedCounters | null;
  /** From now on the worker has this slot. */
  serveIn(slot: number): void;
  /** From now on its connections are counted, and what waits for a thread. */
  serves(serving: Pick<Serving, 'connections' | 'queued'>): void;
}

/** How often the process is measured. */
const MEASURE_MS = 1000;

/** Begins to count, and to write it as `counters` says. */
export function startCounting(
  { age, slot, settings }: BootSpec,
  { fd, position }: CountersSpec,
  inbox: Pick<Inbox, 'send'>,
): Counting {
  let unsent: Float64Array | null = null;
  const write = (values: Float64Array) => {
    if (fd === null) unsent = values;
    else writeBlock(values, { fd, position });
  };
  const send = () => {
    if (unsent) void inbox.send({ tsunicorn: 'counts', values: [...unsent] });
    unsent = null;
  };
  const block = new CounterBlock(write, (ms) => noteDelay(block.values, ms));
  const { values } = block;
  const meter = new ProcessMeter(values);
  const measure = () => {
    meter.measure();
    block.changed();
  };
  const report = () => {
    const source: MeasureSource | undefined = Reflect.get(globalThis, MEASURES);
    const measured = source?.take() ?? null;
    if (measured !== null) void inbox.send({ tsunicorn: 'measured', measured });
  };
  values[HEADER.owner] = age;
  values[HEADER.pid] = process.pid;
  values[HEADER.slot] = slot === null ? 0 : slot + 1;
  watchCollections(block);
  measure();
  every(backgroundClock, MEASURE_MS, () => {
    measure();
    send();
    report();
  });
  process.once('exit', () => {
    measure();
    block.flush();
    send();
    report();
  });
  return {
    requests: countBy(new RequestCounter(block), settings.readyPath),
    shared: fd === null ? null : { values, fd, position },
    serveIn(given) {
      values[HEADER.slot] = given + 1;
      block.changed();
    },
    serves(serving) {
      meter.watch(serving);
      report();
    },
  };
}
