import type { Debugger } from 'node:inspector';
import { fileURLToPath } from 'node:url';

const MAX_FRAMES = 40;

/** A paused stack as `at name (file:line:column)`, the innermost first; `sources` are the URLs of scripts by their ids. */
export function stackOf(
  frames: readonly Debugger.CallFrame[],
  sources: ReadonlyMap<string, string>,
): readonly string[] {
  return frames.slice(0, MAX_FRAMES).map(({ functionName, location, url }) => {
    const source = sources.get(location.scriptId) ?? url;
    const file = source.startsWith('file:') ? fileURLToPath(source) : source;
    const place = `${file}:${location.lineNumber + 1}:${(location.columnNumber ?? 0) + 1}`;
    return `at ${functionName || '(anonymous)'} (${place})`;
  });
}
