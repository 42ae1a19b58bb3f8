import type { Debugger, Session } from 'node:inspector';
import { setTimeout as sleep } from 'node:timers/promises';
import { stackOf } from './stack.ts';
import { type Answer, BEAT, REFUSE } from './watchdog.ts';

/** What the main thread was doing, or why nothing is to be done about it. */
export type Inspection =
  | { readonly what: 'paused'; readonly stack: readonly string[]; readonly answer: Answer }
  /** It did not stop: it is in native code. */
  | { readonly what: 'native' }
  /** What would look cannot be loaded any more: the installation has been removed. */
  | { readonly what: 'unseen' }
  /** It runs again: it stopped in the timer that proves it, or that timer has run meanwhile. */
  | { readonly what: 'recovered' }
  /** A developer's debugger can hold it. */
  | { readonly what: 'debugged' };

/** Within this time the main thread must answer and then stop; a big application has thousands of scripts to list. */
export interface InspectLimits {
  readonly answerMs: number;
  readonly stopMs: number;
}

/**
 * Stops the main thread where it is and has it refuse its requests, unless it `hasRecovered`. It stays stopped, since it
 * will be killed; if it went on, it could send a second answer.
 */
export async function inspectMain(
  limits: InspectLimits,
  hasRecovered: () => boolean,
): Promise<Inspection & { release(): void }> {
  const { Session } = process.getBuiltinModule('node:inspector');
  const session = new Session();
  const release = () => session.disconnect();
  session.connectToMainThread();
  const inspection = await Promise.race([inspect(session, hasRecovered), giveUp(session, limits)]);
  return { ...inspection, release };
}

/**
 * Stops the main thread, reads its stack and lets it go on; null where it does not stop in time, or what it was blocked
 * by is over.
 */
export async function glanceAtMain(
  limits: InspectLimits,
  hasRecovered: () => boolean,
  signal: AbortSignal,
): Promise<readonly string[] | null> {
  const { Session } = process.getBuiltinModule('node:inspector');
  const session = new Session();
  session.connectToMainThread();
  try {
    const aborted = new Promise<null>((resolve) => {
      signal.addEventListener('abort', () => resolve(null), { once: true });
    });
    const stack = pause(session).then(({ callFrames, sources }) =>
      hasRecovered() || isBeating(callFrames) ? null : stackOf(callFrames, sources),
    );
    return await Promise.race([stack, aborted, giveUp(session, limits).then(() => null)]);
  } finally {
    // What has not stopped until now never will.
    session.disconnect();
  }
}

/** Resolves when the main thread is too late to be in JavaScript. */
async function giveUp(session: Session, { answerMs, stopMs }: InspectLimits): Promise<Inspection> {
  let answered = false;
  session.once('inspectorNotification', () => {
    answered = true;
  });
  await sleep(answerMs);
  if (answered) await sleep(stopMs - answerMs);
  return { what: 'native' };
}

async function inspect(session: Session, hasRecovered: () => boolean): Promise<Inspection> {
  const { callFrames, sources } = await pause(session);
  if (hasRecovered() || isBeating(callFrames)) return { what: 'recovered' };
  const answer = await refuse(session);
  if (answer.debugged) return { what: 'debugged' };
  return { what: 'paused', stack: stackOf(callFrames, sources), answer };
}

function isBeating(frames: readonly Debugger.CallFrame[]): boolean {
  return frames.some(({ functionName }) => functionName === BEAT);
}

interface Paused {
  readonly callFrames: readonly Debugger.CallFrame[];
  readonly sources: ReadonlyMap<string, string>;
}

async function pause(session: Session): Promise<Paused> {
  const sources = new Map<string, string>();
  session.on('Debugger.scriptParsed', ({ params }) => sources.set(params.scriptId, params.url));
  const paused = new Promise<Debugger.PausedEventDataType>((resolve) => {
    session.once('Debugger.paused', ({ params }) => resolve(params));
  });
  session.post('Debugger.enable');
  session.post('Debugger.pause');
  const { callFrames } = await paused;
  return { callFrames, sources };
}

function refuse(session: Session): Promise<Answer> {
  const expression = `globalThis[Symbol.for(${JSON.stringify(REFUSE)})]()`;
  return new Promise((resolve, reject) => {
    session.post(
      'Runtime.evaluate',
      { expression, returnByValue: true, silent: true },
      (error, evaluated) => {
        if (error ?? evaluated?.exceptionDetails)
          reject(error ?? new Error(evaluated.exceptionDetails?.text));
        else resolve(evaluated.result.value as Answer);
      },
    );
  });
}
