import { replay } from './fuzz.ts';
import type { Script } from './script.ts';
import type { Name } from './service.ts';

/** Each takes the start of a service. */
const MOST_TRIES = 40;

/** The shortest connection, of those that were tried, that does harm alone as this one does. */
export async function shrink(name: Name, connection: number, script: Script): Promise<Script> {
  let best = script;
  let tries = 0;
  const fails = async (tried: Script) =>
    tries++ < MOST_TRIES && (await replay(name, connection, tried)) !== null;
  const whole = { ...script, pieces: [script.pieces.join('')] };
  if (await fails(whole)) best = whole;
  for (
    let size = Math.ceil(lengthOf(best) / 2);
    size >= 1 && tries < MOST_TRIES;
    size = Math.floor(size / 2)
  ) {
    for (let from = 0; from < lengthOf(best) && tries < MOST_TRIES; ) {
      const shorter = { ...best, pieces: without(best.pieces, from, size) };
      if (await fails(shorter)) best = shorter;
      else from += size;
    }
  }
  return best;
}

function lengthOf({ pieces }: Script): number {
  return pieces.reduce((sum, { length }) => sum + length, 0);
}

/** Without so many characters from there on. */
function without(pieces: readonly string[], from: number, size: number): readonly string[] {
  let start = 0;
  return pieces.flatMap((piece) => {
    const [first, last] = [from - start, from + size - start];
    start += piece.length;
    const left = piece.slice(0, Math.max(0, first)) + piece.slice(Math.max(0, last));
    return left === '' ? [] : [left];
  });
}
