import net from 'node:net';

/** A port that was free a moment ago, below those that the kernel gives to connections. */
export function freePort(): number {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 22_000);
    try {
      new net.BoundSocket({ host: '::', port }).close();
      return port;
    } catch {
      // It is taken.
    }
  }
}
