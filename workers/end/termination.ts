/** What the application registered for the end of its process: its own listeners for SIGTERM and `beforeExit`. */
export interface Termination {
  /**
   * Calls them, as Node would, and resolves when what they began is done, after `limitMs` at the latest; at once where
   * there are none. Rejects with what one of them threw.
   */
  run(limitMs: number): Promise<void>;
}

const POLL_MS = 20;
/** A promise that follows another may leave nothing open for a moment. */
const QUIET_POLLS = 2;

/**
 * From now on `received` is called for SIGTERM, and the application's listeners wait until the worker has drained: called
 * at once, most of them would end the process in the middle of its requests. To be called before other listeners are
 * added, except by code that was preloaded, whose listeners wait too.
 */
export function holdTermination(received: () => void): Termination {
  const preloaded = process.rawListeners('SIGTERM');
  // Node has bound process.emit, as it was, to the signal; without a listener it lets go of it.
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
      return terminate(limitMs);
    },
  };
}

/** The same in a thread, whose listeners for SIGTERM no signal reaches. */
export async function terminate(limitMs: number): Promise<void> {
  const untilMs = performance.now() + limitMs;
  if (process.listeners('SIGTERM').some((listener) => listener !== stayAlive))
    await settled(() => process.emit('SIGTERM', 'SIGTERM'), untilMs);
  if (process.listenerCount('beforeExit') > 0)
    await settled(() => process.emit('beforeExit', Number(process.exitCode ?? 0)), untilMs);
}

function stayAlive(): void {}

/**
 * Calls `begin` and resolves when no more is open, of what keeps the process alive, than before: sockets, timers, reads
 * and writes. Listeners return nothing that could be awaited, and the event loop of a server hardly ever runs dry, as
 * pools and intervals of the application keep it going.
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
