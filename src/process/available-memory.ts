import { totalmem } from 'node:os';

/** What all processes of the service together may use, in bytes: the control group's limit, or the machine's memory. */
export function availableMemory(): number {
  const limit = process.constrainedMemory();
  // 0 where that is unknown; without a limit the kernel says a number beyond any machine's.
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}

/** A size for people: `512M`. */
export function inMiB(bytes: number): string {
  return `${Math.round(bytes / 1024 ** 2)}M`;
}
