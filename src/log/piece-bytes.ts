/** The most bytes that a pipe takes as one piece (PIPE_BUF of Linux); larger writes of several workers would mix. */
export const ATOMIC_BYTES = 4096;
/** Appends to a regular file do not mix at any size, and larger writes cost less for each line. */
const FILE_BYTES = 16 * 1024;

/** How much is written at a time where a line may have `lineLimit` bytes. */
export function pieceBytesOf(lineLimit: number): number {
  return lineLimit === Infinity ? FILE_BYTES : ATOMIC_BYTES;
}
