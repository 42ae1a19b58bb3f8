import { countBy } from '../../src/http/count-requests.ts';
import type { RequestCount } from '../../src/http/observer.ts';
import { CounterBlock, writeBlock } from '../../src/metrics/block.ts';
import { HEADER, placeOf } from '../../src/metrics/layout.ts';
import { levelPlaces } from '../../src/metrics/log-levels.ts';
import { countLost, type LossFields } from '../../src/metrics/lost-lines.ts';
import { RequestCounter } from '../../src/metrics/request-counter.ts';
import type { BootSpec, CountersSpec } from '../../src/process/ipc/boot-spec.ts';
import { backgroundClock, every } from '../../src/support/clock.ts';
import type { LogLevel } from '../../src/support/logger.ts';
import type { Inbox } from '../inbox.ts';
import type { Serving } from '../serving.ts';
import type { SharedCounters } from './watchdog.ts';

/** What a worker counts, from its start to its end. */
export interface Counting {
  readonly requests: RequestCount;
  /** What another thread writes while this one is blocked; null where the numbers are sent. */
  readonly shared: SharedCounters | null;
  /** Takes each record of the worker's log: some say that lines were lost. */
  readonly logged: (fields: LossFields) => void;
  /** Spans of requests are lost. */
  spansLost(count: number): void;
  /** Counts a line of the error log. */
  levelled(level: LogLevel, fields: { readonly err?: unknown } | undefined): void;
  /** From now on the worker has this slot. */
  serveIn(slot: number): void;
  /** From now on its connections are counted, what waits for a thread, the process itself, and what the application measures. */
  serves(serving: Pick<Serving, 'connections' | 'queued' | 'measured'>): Promise<void>;
}

const LOST = placeOf('tsunicorn_log_lines_lost_total');
const SPANS_LOST = placeOf('tsunicorn_spans_lost_total');
/** How often the process is measured, and numbers are sent that cannot be written. */
const MEASURE_MS = 1000;

/** Begins to count, and to write it as `counters` says. */
export async function startCounting(
  { age, slot, settings }: BootSpec,
  { fd, position }: CountersSpec,
  inbox: Pick<Inbox, 'send'>,
): Promise<Counting> {
  let unsent: Float64Array | null = null;
  const write = (values: Float64Array) => {
    if (fd === null) unsent = values;
    else writeBlock(values, { fd, position });
  };
  const send = () => {
    if (unsent) void inbox.send({ tsunicorn: 'counts', values: [...unsent] });
    unsent = null;
  };
  const block = new CounterBlock(write);
  const { values } = block;
  /** Each looks again at something, into the numbers or for the arbiter. */
  const looks: (() => void)[] = [];
  const look = () => {
    for (const one of looks) one();
    block.changed();
  };
  values[HEADER.owner] = age;
  values[HEADER.pid] = process.pid;
  values[HEADER.slot] = slot === null ? 0 : slot + 1;
  block.changed();
  const lose = (at: number, count: number) => {
    values[at] = (values[at] ?? 0) + count;
    block.changed();
  };
  const loseAtOnce = (at: number, count: number) => {
    lose(at, count);
    // The process may end now.
    block.flush();
  };
  every(backgroundClock, MEASURE_MS, () => {
    look();
    send();
  });
  process.once('exit', () => {
    look();
    block.flush();
    send();
  });
  return {
    requests: countBy(new RequestCounter(block), {
      uncountedPath: settings.readyPath,
      sentBytes: await bodiesOf(settings),
      exemplars: exemplarsOf(settings),
    }),
    shared: fd === null ? null : { values, fd, position },
    logged: countLost((lines) => loseAtOnce(LOST, lines)),
    // A receiver that hangs loses those of each request.
    spansLost: (count) => (count === 1 ? lose : loseAtOnce)(SPANS_LOST, count),
    levelled(level, fields) {
      if (level === 'debug' || level === 'info') return;
      for (const at of levelPlaces(level, fields)) values[at] = (values[at] ?? 0) + 1;
      block.changed();
    },
    serveIn(given) {
      values[HEADER.slot] = given + 1;
      block.changed();
    },
    async serves(serving) {
      try {
        // Not sooner: the first request does not wait for it.
        const { measureProcess, watchCollections } = await import('./process-meter.ts');
        looks.push(measureProcess(block, serving));
        if (settings.adminBind === null && settings.otlpEndpoint === null) return;
        // Only /metrics and OpenTelemetry show them.
        watchCollections(block);
        const { reportMeasures } = await import('./report-measures.ts');
        looks.push(await reportMeasures(inbox, settings, serving.measured));
      } catch {
        // The installation is gone already. Requests are counted all the same.
      } finally {
        look();
      }
    },
  };
}

/** Only /metrics shows them. */
function exemplarsOf({ adminBind, otlpTraces }: BootSpec['settings']) {
  if (adminBind === null) return 'none';
  return otlpTraces === null ? 'trace' : 'span';
}

/** What knows how long the body of an answer is: the access log, where there is one. */
async function bodiesOf({ accessLogfile, syslog }: BootSpec['settings']) {
  if (accessLogfile === null && !syslog) return null;
  const { sentBytesOf } = await import('../../src/log/sent-bytes.ts');
  return sentBytesOf;
}
