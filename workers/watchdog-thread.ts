import { setTimeout as sleep } from 'node:timers/promises';
import { workerData } from 'node:worker_threads';
import { fs } from '../src/builtins.ts';
import { flushCompileCache } from '../src/compile-cache.ts';
import { FlightReader } from '../src/flights/reader.ts';
import { shortPath } from '../src/http/request-name.ts';
import type { Stalled, StallSeen, WorkerMessage } from '../src/ipc.ts';
import { Silence } from './silence.ts';
import type { WatchdogOrder } from './watchdog.ts';

const TICK_MS = 500;
/** A connection to the main thread takes 40 to 80 ms; the arbiter kills 2 s after the timeout, whatever is said then. */
const LIMITS = { answerMs: 600, stopMs: 1600 };
/** A retiring worker whose grace is over counts as blocked after this; a second later the arbiter kills it. */
const LEAVING_SILENCE_MS = 400;
/** Where the arbiter does not kill a worker that was reported. */
const KILL_AFTER_MS = 3000;
const MAX_REQUESTS = 200;

// A thread has a compile cache of its own.
flushCompileCache();
await watch(workerData);

/** Looks at the pulse until the process ends. */
async function watch(order: WatchdogOrder): Promise<never> {
  const silence = new Silence(nowMs());
  let orphanedMs = Infinity;
  for (;;) {
    const graceEndMs = graceEndOf(order);
    const limitMs = Math.min(order.limitMs, orphanedMs === Infinity ? Infinity : order.graceMs);
    const leftMs = Math.min(limitMs - silence.ms, untilOverstayed(graceEndMs, silence.ms));
    const tickMs = leftMs > 0 ? Math.max(20, Math.min(TICK_MS, leftMs)) : TICK_MS;
    await sleep(tickMs);
    silence.look(nowMs(), tickMs, Number(Atomics.load(order.pulse, 0)) / 1e6);
    if (orphanedMs === Infinity && process.ppid !== order.arbiterPid) orphanedMs = nowMs();
    const orphaned = orphanedMs < Infinity;
    if (silence.ms >= order.limitMs || isOverdueOrphan(silence.ms, nowMs() - orphanedMs, order))
      await attend(order, silence.ms, 'timeout', orphaned);
    else if (untilOverstayed(graceEndOf(order), silence.ms) <= 0)
      await attend(order, silence.ms, 'gracefulTimeout', orphaned);
  }
}

/** When the grace of a retiring worker is over; Infinity where it does not retire. */
function graceEndOf({ pulse }: WatchdogOrder): number {
  return Number(Atomics.load(pulse, 2)) / 1e6 || Infinity;
}

/** How long until a retiring worker that goes on being silent has overstayed its grace. */
function untilOverstayed(graceEndMs: number, silentMs: number): number {
  return Math.max(graceEndMs - nowMs(), LEAVING_SILENCE_MS - silentMs);
}

/** An orphan whose loop turns ends by itself; one whose loop is blocked never learns that it is an orphan. */
function isOverdueOrphan(silentMs: number, orphanedForMs: number, { graceMs }: WatchdogOrder): boolean {
  return orphanedForMs >= graceMs && silentMs >= Math.min(2000, Math.max(1, graceMs));
}

async function attend(
  order: WatchdogOrder,
  blockedMs: number,
  limit: Stalled['limit'],
  orphaned: boolean,
): Promise<void> {
  if (Atomics.load(order.pulse, 1) === 1n) return say(order, { tsunicorn: 'debugged' });
  // Most workers never need it.
  const { inspectMain } = await import('./inspect-main.ts');
  const started = nowMs();
  const pulse = Atomics.load(order.pulse, 0);
  const inspection = await inspectMain(LIMITS, () => Atomics.load(order.pulse, 0) !== pulse);
  if (inspection.what === 'debugged' || inspection.what === 'recovered') inspection.release();
  if (inspection.what === 'debugged') return say(order, { tsunicorn: 'debugged' });
  if (inspection.what === 'recovered') return;
  const message = {
    tsunicorn: 'stalled',
    blockedMs: blockedMs + nowMs() - started,
    limit,
    seen: inspection.what === 'paused' ? seenIn(inspection) : seenIn(nativeView(order)),
  } as const;
  if (orphaned) await sayAlone(message);
  else say(order, message);
  if (!orphaned) await sleep(KILL_AFTER_MS);
  process.kill(process.pid, 'SIGKILL');
}

type View = Pick<StallSeen, 'stack'> & {
  readonly answer: Pick<StallSeen, 'requests' | 'unread'>;
  readonly beyond?: number;
};

function seenIn({ stack, answer: { requests, unread }, beyond = 0 }: View): StallSeen {
  const omitted = Math.max(0, requests.length - MAX_REQUESTS) + beyond;
  return { stack, requests: requests.slice(0, MAX_REQUESTS), omitted, unread };
}

/** In native code the main thread can be asked nothing: what it wrote down before is all there is. */
function nativeView({ flights, timeOrigin }: WatchdogOrder): View {
  const reader = new FlightReader(flights);
  const now = performance.timeOrigin + performance.now() - timeOrigin;
  const waiting = [...reader.list()].filter(({ ended, upgraded }) => !ended && !upgraded);
  const requests = waiting.map(({ method, url, startMs, status }) => ({
    method,
    path: shortPath(url),
    ageMs: now - startMs,
    got: status === 0 ? ('cut' as const) : ('part' as const),
  }));
  return { stack: null, answer: { requests, unread: 0 }, beyond: reader.beyond };
}

function say({ fd }: WatchdogOrder, message: WorkerMessage): void {
  try {
    fs.writeSync(fd, `${JSON.stringify(message)}\n`);
  } catch {
    // The arbiter is gone; that is seen by the parent's pid.
  }
}

/** Without an arbiter the standard error is all there is; process.stderr would go through the blocked main thread. */
async function sayAlone(message: Pick<Stalled, 'blockedMs' | 'seen'>): Promise<void> {
  const { stallLines, stallReason } = await import('../src/stall.ts');
  const { escapeControls } = await import('../src/log/text.ts');
  const head = `Worker (pid: ${process.pid}), whose arbiter is gone: ${stallReason(message)}; killed`;
  try {
    fs.writeSync(
      2,
      `${[head, ...stallLines(message).map((line) => `    ${escapeControls(line)}`)].join('\n')}\n`,
    );
  } catch {
    // Nobody reads it.
  }
}

/** Of the clock that the main thread's pulse has too. */
function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
