import type { Debugger } from 'node:inspector';
import type { ThreadSeen } from '../../../src/process/ipc/inspection.ts';
import { stackOf } from '../stack.ts';
import { BEAT } from '../watchdog.ts';
import type { Target } from './target.ts';
import { within } from './within.ts';

/** A thread that has not begun to answer by then is in native code, if it is given a processor at all. */
const ANSWER_MS = 1000;
/** A big application has thousands of scripts to list. */
const LIST_MS = 2000;
/** One that runs JavaScript stops at once when it is asked to. */
const STOP_MS = 100;
const RELEASE_MS = 500;

/** Stops the thread, reads its stack and lets it go on. */
export async function seeStack(target: Target): Promise<ThreadSeen> {
  const { threadId, name } = target;
  const sources = new Map<string, string>();
  const paused = Promise.withResolvers<Debugger.PausedEventDataType>();
  const begun = Promise.withResolvers<void>();
  target.listen((method, params) => {
    begun.resolve();
    if (method === 'Debugger.scriptParsed') note(sources, params as Debugger.ScriptParsedEventDataType);
    if (method === 'Debugger.paused') paused.resolve(params as Debugger.PausedEventDataType);
  });
  const listed = target.post('Debugger.enable');
  const asked = target.post('Debugger.pause');
  try {
    if ((await within(ANSWER_MS, Promise.race([begun.promise, listed]))) === 'late') return native(target);
    const stop = Promise.race([paused.promise, asked.then(() => within(STOP_MS, paused.promise))]);
    const seen = await within(LIST_MS, stop);
    if (seen !== 'late') return seenIn(target, seen, sources);
    // Nothing of JavaScript has begun since. An event loop that waits answers all the same.
    const isWaiting = (await within(ANSWER_MS, target.post('Runtime.getIsolateId'))) !== 'late';
    return isWaiting ? { threadId, name, state: 'idle', stack: [] } : native(target);
  } finally {
    // A thread that is paused cannot be ended: it would wait for its debugger for ever.
    await within(RELEASE_MS, target.post('Debugger.disable'));
    target.listen(() => {});
  }
}

function note(sources: Map<string, string>, { scriptId, url }: Debugger.ScriptParsedEventDataType): void {
  sources.set(scriptId, url);
}

function native({ threadId, name }: Target): ThreadSeen {
  return { threadId, name, state: 'native', stack: [] };
}

/** A thread whose every frame is Node's own, or which runs our own timer, had nothing to do and has just been woken. */
function seenIn(
  { threadId, name }: Target,
  { callFrames }: Debugger.PausedEventDataType,
  sources: ReadonlyMap<string, string>,
): ThreadSeen {
  const urls = callFrames.map(({ location, url }) => sources.get(location.scriptId) ?? url);
  const isIdle =
    callFrames.some(({ functionName }) => functionName === BEAT) ||
    urls.every((url) => url.startsWith('node:')) ||
    // Some of Node's own scripts have no URL in Node 24.
    urls.every((url) => url === '');
  return isIdle
    ? { threadId, name, state: 'idle', stack: [] }
    : { threadId, name, state: 'running', stack: stackOf(callFrames, sources) };
}
