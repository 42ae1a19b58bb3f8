/**
 * Keeps a standard stream that cannot be written (its reader has gone, its disk is full) from ending the process: what an
 * application writes there itself fails with an 'error' event, which nobody listens to. The streams are still made only
 * when they are first used.
 */
export function surviveStdio(): void {
  for (const name of ['stdout', 'stderr'] as const) {
    const get = Object.getOwnPropertyDescriptor(process, name)?.get;
    if (get === undefined) continue;
    const define = (getter: () => unknown) =>
      Object.defineProperty(process, name, { configurable: true, enumerable: true, get: getter });
    define(() => {
      const stream: NodeJS.WriteStream = get.call(process);
      stream.on('error', () => {});
      define(() => stream);
      return stream;
    });
  }
}
