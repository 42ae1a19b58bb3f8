import { setTimeout as sleep } from 'node:timers/promises';
import { workerData } from 'node:worker_threads';
import { flushCompileCache } from '../../src/process/compile-cache.ts';
import type { BlockSeen, Stalled, StallSeen } from '../../src/process/ipc/blocks.ts';
import { fs } from '../../src/support/builtins.ts';
import { BlockWatch, type BlockWatchOptions } from './block-watch.ts';
import { LazyInspections } from './inspect/lazily.ts';
import { Turns } from './inspect/turns.ts';
import type { Inspection, inspectMain } from './inspect-main.ts';
import { residentBytes } from './memory-usage.ts';
import { MemoryWatch } from './memory-watch.ts';
import { RequestKeeper } from './request-keeper.ts';
import { Silence } from './silence.ts';
import type { WatchdogSpec } from './watchdog.ts';

const TICK_MS = 500;
/**
 * A connection to the main thread takes 40 to 80 ms, and ten times as long on a busy machine; whatever is said then, the
 * arbiter kills 3 s after the timeout, and a second after the grace.
 */
const LIMITS = {
  timeout: { answerMs: 1100, stopMs: 1600 },
  gracefulTimeout: { answerMs: 600, stopMs: 1600 },
} as const;
/** A retiring worker whose grace is over counts as blocked after this; a second later the arbiter kills it. */
const LEAVING_SILENCE_MS = 400;
/** Where the arbiter does not kill a worker that was reported. */
const KILL_AFTER_MS = 3000;
const MAX_REQUESTS = 200;
/** What waits while the loop is blocked for a while is named up to so many. */
const MAX_WAITING = 10;
/** A loop that has been silent for so long does not write what it counts every 10 ms. */
const COUNTERS_SILENCE_MS = 50;
/** What is not killed must not be disturbed for long: a loop that has not stopped by then is in native code. */
const GLANCE_LIMITS = { answerMs: 1000, stopMs: 1500 };
/** A loop that is blocked again and again is not stopped more often. */
const GLANCE_EVERY_MS = 5000;

// A thread has a compile cache of its own.
flushCompileCache();
const turns = new Turns();
/** Until when an operator holds the process, by process.hrtime, in ms. */
const held = { untilMs: Number.NEGATIVE_INFINITY };
const keeper: RequestKeeper = new RequestKeeper(workerData, undefined, (command) => {
  if (command.tsunicorn === 'hold') held.untilMs = nowMs() + command.forMs;
  else void inspections.take(command);
});
const inspections = new LazyInspections({
  say: (part) => keeper.line.say(part),
  isDebugged: () => isDebugged(workerData),
  waiting: () => keeper.waiting(MAX_REQUESTS),
  turns,
});
// What fails there must not take the watchdog with it.
keeper.run().catch(() => {});
await watch(workerData, keeper, turns, inspections);

/** Looks at the pulse until the process ends. */
async function watch(
  spec: WatchdogSpec,
  keeper: RequestKeeper,
  turns: Turns,
  inspections: LazyInspections,
): Promise<never> {
  const silence = new Silence(nowMs());
  const blocks = new BlockWatch({
    // What is killed as soon is explained then.
    warnMs: spec.warnMs < spec.limitMs ? spec.warnMs : Infinity,
    see: glancing(spec, keeper, turns),
    say: (message) => void keeper.line.say(message),
  });
  const memory = new MemoryWatch(
    () => {
      const rssBytes = residentBytes();
      if (rssBytes === null) return null;
      return { rssBytes, heapBytes: spec.heap[0] ?? 0, heapLimitBytes: spec.heapLimitBytes };
    },
    (message) => void keeper.line.say(message),
  );
  let orphanedMs = Infinity;
  for (;;) {
    const limitMs = Math.min(spec.limitMs, orphanedMs === Infinity ? Infinity : spec.graceMs);
    const leftMs = Math.min(limitMs - silence.ms, untilOverstayed(graceEndOf(spec), silence.ms));
    await sleepAndLook(
      spec,
      silence,
      Math.min(tickFor(leftMs), blocks.untilDue(silence.ms), memory.untilDueMs),
    );
    memory.check();
    if (silence.ms >= COUNTERS_SILENCE_MS) writeCounters(spec);
    if (orphanedMs === Infinity && process.ppid !== spec.arbiterPid) orphanedMs = nowMs();
    const orphaned = orphanedMs < Infinity;
    if (!orphaned && nowMs() < held.untilMs) silence.excuse();
    // A debugger holds the loop whenever its user likes.
    if (!orphaned) blocks.check(isDebugged(spec) ? 0 : silence.ms, silence.endedMs);
    const over = limitOver(spec, silence.ms, nowMs() - orphanedMs);
    if (over === null) continue;
    inspections.leave();
    await blocks.leave();
    await attend(spec, keeper, silence.ms, over, orphaned);
  }
}

/** The main thread cannot write them while it is blocked. */
function writeCounters({ counters }: WatchdogSpec): void {
  if (counters === null) return;
  try {
    fs.writeSync(counters.fd, counters.values, 0, counters.values.byteLength, counters.position);
  } catch {
    // ENOSPC, where others have filled /dev/shm.
  }
}

function tickFor(leftMs: number): number {
  return leftMs > 0 ? Math.max(20, Math.min(TICK_MS, leftMs)) : TICK_MS;
}

async function sleepAndLook({ pulse }: WatchdogSpec, silence: Silence, ms: number): Promise<void> {
  const before = process.threadCpuUsage();
  await sleep(ms);
  // What this thread does itself, such as to look at the main one, does not hold up that.
  const { user, system } = process.threadCpuUsage(before);
  silence.check(nowMs(), ms + (user + system) / 1000, Number(Atomics.load(pulse, 0)) / 1e6);
}

function isDebugged({ pulse }: WatchdogSpec): boolean {
  return Atomics.load(pulse, 1) === 1n;
}

/** The setting whose time is over for a loop that is silent, if any is. */
function limitOver(spec: WatchdogSpec, silentMs: number, orphanedForMs: number): Stalled['limit'] | null {
  if (silentMs >= spec.limitMs || isOverdueOrphan(silentMs, orphanedForMs, spec)) return 'timeout';
  return untilOverstayed(graceEndOf(spec), silentMs) <= 0 ? 'gracefulTimeout' : null;
}

/** When the grace of a retiring worker is over; Infinity where it does not retire. */
function graceEndOf({ pulse }: WatchdogSpec): number {
  return Number(Atomics.load(pulse, 2)) / 1e6 || Infinity;
}

/** How long until a retiring worker that goes on being silent has overstayed its grace. */
function untilOverstayed(graceEndMs: number, silentMs: number): number {
  return Math.max(graceEndMs - nowMs(), LEAVING_SILENCE_MS - silentMs);
}

/** An orphan whose loop turns ends by itself; one whose loop is blocked never learns that it is an orphan. */
function isOverdueOrphan(silentMs: number, orphanedForMs: number, { graceMs }: WatchdogSpec): boolean {
  return orphanedForMs >= graceMs && silentMs >= Math.min(2000, Math.max(1, graceMs));
}

/** Looks what a blocked loop is doing, and lets it go on. */
function glancing({ pulse }: WatchdogSpec, keeper: RequestKeeper, turns: Turns): BlockWatchOptions['see'] {
  let glancedMs = Number.NEGATIVE_INFINITY;
  return async (signal) => {
    const before = Atomics.load(pulse, 0);
    const hasRecovered = () => signal.aborted || Atomics.load(pulse, 0) !== before;
    const isDue = nowMs() - glancedMs >= GLANCE_EVERY_MS;
    if (isDue) glancedMs = nowMs();
    const stack = isDue ? await turns.take(() => stackOfMain(hasRecovered, signal)) : null;
    return { stack, ...keeper.waiting(MAX_WAITING) };
  };
}

async function stackOfMain(hasRecovered: () => boolean, signal: AbortSignal): Promise<BlockSeen['stack']> {
  try {
    const { glanceAtMain } = await import('./inspect-main.ts');
    return hasRecovered() ? null : await glanceAtMain(GLANCE_LIMITS, hasRecovered, signal);
  } catch {
    // Node's permission model may forbid the inspector; an installation may be gone.
    return null;
  }
}

async function attend(
  spec: WatchdogSpec,
  keeper: RequestKeeper,
  blockedMs: number,
  limit: Stalled['limit'],
  orphaned: boolean,
): Promise<void> {
  if (isDebugged(spec)) return keeper.line.say({ tsunicorn: 'debugged' });
  const started = nowMs();
  const pulse = Atomics.load(spec.pulse, 0);
  const inspection = await inspected(limit, () => Atomics.load(spec.pulse, 0) !== pulse);
  if (inspection.what === 'debugged' || inspection.what === 'recovered') inspection.release();
  if (inspection.what === 'debugged') return keeper.line.say({ tsunicorn: 'debugged' });
  if (inspection.what === 'recovered') return;
  const message = {
    tsunicorn: 'stalled',
    blockedMs: blockedMs + nowMs() - started,
    limit,
    seen: seenBy(keeper, inspection),
  } as const;
  const accessComplete = (await keeper.finish('stall')) === true;
  if (orphaned) await sayAlone(message);
  else void keeper.line.say({ ...message, accessComplete });
  if (!orphaned) await sleep(KILL_AFTER_MS);
  process.kill(process.pid, 'SIGKILL');
}

/** Most workers never need it; without it the worker must be ended all the same. */
async function inspected(
  limit: Stalled['limit'],
  hasRecovered: () => boolean,
): Promise<Awaited<ReturnType<typeof inspectMain>>> {
  try {
    const { inspectMain } = await import('./inspect-main.ts');
    return await inspectMain(LIMITS[limit], hasRecovered);
  } catch {
    return { what: 'unseen', release() {} };
  }
}

function seenBy(keeper: RequestKeeper, inspection: Inspection): StallSeen {
  // The main thread can be asked nothing then: what it wrote down before is all there is.
  if (inspection.what !== 'paused') {
    const why = inspection.what === 'unseen' ? { unseen: true as const } : {};
    return { stack: null, unread: 0, ...why, ...shortened(keeper.seen()) };
  }
  const { stack, answer } = inspection;
  return { stack, unread: answer.unread, ...shortened({ requests: answer.requests, omitted: 0 }) };
}

type Listed = Pick<StallSeen, 'requests' | 'omitted'>;

function shortened({ requests, omitted }: Listed): Listed {
  const beyond = Math.max(0, requests.length - MAX_REQUESTS);
  return { requests: requests.slice(0, MAX_REQUESTS), omitted: omitted + beyond };
}

/** Without an arbiter the standard error is all there is; process.stderr would go through the blocked main thread. */
async function sayAlone(message: Pick<Stalled, 'blockedMs' | 'seen'>): Promise<void> {
  try {
    const { stallLines, stallReason } = await import('../../src/process/stall.ts');
    const { escapeControls } = await import('../../src/support/text.ts');
    const head = `Worker (pid: ${process.pid}), whose arbiter has exited: ${stallReason(message)}; killed`;
    fs.writeSync(
      2,
      `${[head, ...stallLines(message).map((line) => `    ${escapeControls(line)}`)].join('\n')}\n`,
    );
  } catch {
    // Nobody reads it, or our own files are gone too.
  }
}

/** Of the clock that the main thread's pulse has too. */
function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
