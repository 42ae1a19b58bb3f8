/** What the application registered for the end of its process: its own listeners for SIGTERM, or SIGINT, and others. */
export interface Termination {
  /**
   * Calls them, as Node would, and resolves when what they began is done, after `limitMs` at the latest. Resolves at once
   * where there are none. Rejects with what one of them threw.
   */
  run(limitMs: number): Promise<void>;
}

const POLL_MS = 20;
/** Between one asynchronous step and the next, nothing may be open for a moment, so that one poll is not enough. */
const QUIET_POLLS = 2;

/**
 * From now on `received` is called for SIGTERM, and the application's listeners wait until the worker has drained. If
 * they were called at once, most would end the process in the middle of its requests. To be called before other listeners
 * are added; those of preloaded code wait too.
 */
export function holdTermination(received: () => void, ours: Ours): Termination {
  const preloaded = process.rawListeners('SIGTERM');
  // Node has bound the original process.emit to the signal. It unbinds it when the last listener is removed.
  process.removeAllListeners('SIGTERM');
  const emit: (event: string, ...args: readonly unknown[]) => boolean = process.emit;
  let isHeld = true;
  const held = function (this: unknown, event: string, ...args: readonly unknown[]): boolean {
    if (event !== 'SIGTERM' || !isHeld) return Reflect.apply(emit, this, [event, ...args]);
    received();
    return true;
  };
  process.emit = held as typeof process.emit;
  // Without a listener the signal would end the process.
  process.on('SIGTERM', stayAlive);
  process.on('removeListener', (event: unknown) => {
    if (event === 'SIGTERM' && process.listenerCount('SIGTERM') === 0) process.on('SIGTERM', stayAlive);
  });
  for (const listener of preloaded) process.on('SIGTERM', listener as () => void);

  return {
    run(limitMs) {
      isHeld = false;
      return terminate(limitMs, ours);
    },
  };
}

/** Listeners of our own, by event, which are not the application's. */
export type Ours = ReadonlySet<unknown>;

/** The same at once; in a thread, which neither signals nor messages reach, `ours` is null. */
export async function terminate(limitMs: number, ours: Ours | null = null): Promise<void> {
  const untilMs = performance.now() + limitMs;
  // What PM2 sends a program that is to end by a message.
  if (ours !== null && listenersOf('message', ours).length > 0)
    await settled(() => process.emit('message', 'shutdown', undefined), untilMs);
  // PM2 sends SIGINT, others SIGTERM. Programs that listen for both do the same for both, which must not be done twice.
  const signals: readonly NodeJS.Signals[] = ours === null ? ['SIGTERM'] : ['SIGTERM', 'SIGINT'];
  const signal = signals.find((name) => listenersOf(name, ours).length > 0);
  if (signal !== undefined) await settled(() => deliver(signal, ours), untilMs);
  if (process.listenerCount('beforeExit') > 0)
    await settled(() => process.emit('beforeExit', Number(process.exitCode ?? 0)), untilMs);
}

function deliver(signal: NodeJS.Signals, ours: Ours | null): void {
  const { [signal]: number } = process.getBuiltinModule('node:os').constants.signals;
  for (const listener of listenersOf(signal, ours)) Reflect.apply(listener, process, [signal, number]);
}

/** The application's own; those of once() remove themselves when they are called. */
function listenersOf(event: string, ours: Ours | null): readonly (() => unknown)[] {
  const isTheirs = (listener: object) => {
    const original = 'listener' in listener ? listener.listener : listener;
    return original !== stayAlive && ours?.has(original) !== true;
  };
  return (process.rawListeners(event) as (() => unknown)[]).filter(isTheirs);
}

function stayAlive(): void {}

/**
 * Calls `begin` and resolves when no more of what keeps a process alive is open than before: sockets, timers, reads and
 * writes. Listeners return nothing that could be awaited, and pools and intervals of the application keep the event loop
 * of a server busy, so that it hardly ever runs empty.
 */
async function settled(begin: () => void, untilMs: number): Promise<void> {
  const before = openResources();
  begin();
  for (let quiet = 0; quiet < QUIET_POLLS && performance.now() < untilMs; ) {
    await new Promise((polled) => setTimeout(polled, POLL_MS));
    quiet = hasMore(before, openResources()) ? 0 : quiet + 1;
  }
}

function openResources(): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const name of process.getActiveResourcesInfo()) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

function hasMore(before: ReadonlyMap<string, number>, now: ReadonlyMap<string, number>): boolean {
  return [...now].some(([name, count]) => count > (before.get(name) ?? 0));
}
