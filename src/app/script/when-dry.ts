/**
 * Calls `dry` when nothing is left that the process could do, at which Node would end it; our own channel does not count
 * until then. Returns what ends that. Meanwhile no listener of `beforeExit` is called.
 */
export function whenDry(dry: () => void): () => void {
  const emit: (event: string, ...args: readonly unknown[]) => boolean = process.emit;
  let isOver = false;
  const watched = function (this: unknown, event: string, ...args: readonly unknown[]): boolean {
    if (isOver || event !== 'beforeExit') return Reflect.apply(emit, this, [event, ...args]);
    // Otherwise Node would end the process behind this event.
    process.channel?.ref();
    dry();
    return true;
  };
  process.emit = watched as typeof process.emit;
  process.channel?.unref();
  return () => {
    // The application may have put a function of its own around this one.
    isOver = true;
    process.channel?.ref();
    if (process.emit === watched) process.emit = emit as typeof process.emit;
  };
}
