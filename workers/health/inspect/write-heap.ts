import type { Debugger, Runtime } from 'node:inspector';
import { dirname } from 'node:path';
import type { HeapRoom } from '../../../src/process/ipc/inspection.ts';
import { fs } from '../../../src/support/builtins.ts';
import { codeOf, messageOf } from '../../../src/support/errors.ts';
import type { Target } from './target.ts';
import { within } from './within.ts';

/** A thread that has not begun to answer by then is in native code, if it is given a processor at all. */
const ANSWER_MS = 3000;
/** A loop that spins stops at once; one that waits for its next turn needs no stop. */
const STOP_MS = 300;

const NATIVE = 'the thread does not answer: it is in native code, or gets no processor; try again';

/** What a heap has, and the file system of that file. Rejects with one line where the file cannot be written. */
export async function heapRoom(target: Target, file: string): Promise<HeapRoom> {
  const freeBytes = freeFor(file);
  const usage = await within(ANSWER_MS, target.post('Runtime.getHeapUsage'));
  if (usage === 'late') throw new Error(NATIVE);
  return { usedBytes: (usage as { readonly usedSize: number }).usedSize, freeBytes };
}

function freeFor(file: string): number {
  const directory = dirname(file);
  try {
    if (fs.statSync(file, { throwIfNoEntry: false })?.isDirectory()) throw codeError('EISDIR');
    if (!fs.statSync(directory).isDirectory()) throw codeError('ENOTDIR');
    fs.accessSync(directory, fs.constants.W_OK | fs.constants.X_OK);
    const { bavail, bsize } = fs.statfsSync(directory);
    return bavail * bsize;
  } catch (error) {
    throw new Error(
      `the worker, which runs as uid ${process.geteuid?.()}, cannot write ${file} (${codeOf(error) ?? messageOf(error)}); choose another file`,
    );
  }
}

function codeError(code: string): Error {
  return Object.assign(new Error(code), { code });
}

/**
 * Has the thread write its heap itself, which takes half the memory that the inspector's own way needs. A loop that spins is
 * stopped first, and goes on afterwards. Resolves with the length of the file.
 */
export async function writeHeap(target: Target, file: string, unfinished: string): Promise<number> {
  const { promise: paused, resolve } = Promise.withResolvers<Debugger.PausedEventDataType>();
  target.listen((method, params) => {
    if (method === 'Debugger.paused') resolve(params as Debugger.PausedEventDataType);
  });
  try {
    const enabled = target.post('Debugger.enable');
    const asked = target.post('Debugger.pause');
    if ((await within(ANSWER_MS, Promise.race([paused, asked]))) === 'late') throw new Error(NATIVE);
    // Otherwise the first thing that is evaluated would stop.
    if ((await within(STOP_MS, paused)) === 'late') await target.post('Debugger.disable');
    await enabled;
    const answer = await evaluate(target, file, unfinished);
    if (typeof answer === 'number') return answer;
    throw new Error(`the heap could not be written to ${file}: ${answer}`);
  } finally {
    // A thread that is paused cannot be ended: it would wait for its debugger for ever.
    await within(STOP_MS, target.post('Debugger.disable'));
    target.listen(() => {});
  }
}

async function evaluate(target: Target, file: string, unfinished: string): Promise<unknown> {
  const expression = `(${write})(${JSON.stringify(file)}, ${JSON.stringify(unfinished)})`;
  const answer = await target.post('Runtime.evaluate', { expression, returnByValue: true, silent: true });
  const { result, exceptionDetails } = answer as Runtime.EvaluateReturnType;
  if (exceptionDetails === undefined) return result.value;
  return exceptionDetails.text;
}

/** Runs in the thread itself, by its text: it sees nothing but globals. Returns the length, or why there is none. */
function write(file: string, unfinished: string): number | string {
  const reasonOf = (error: unknown) => String(Reflect.get(Object(error), 'code') ?? error);
  const { closeSync, openSync, renameSync, rmSync, statSync } = process.getBuiltinModule('node:fs');
  try {
    // With its mode from the first moment, and never a file that somebody else has put there.
    closeSync(openSync(unfinished, 'wx', 0o600));
  } catch (error) {
    return reasonOf(error);
  }
  try {
    process.getBuiltinModule('node:v8').writeHeapSnapshot(unfinished);
    const { size } = statSync(unfinished);
    renameSync(unfinished, file);
    return size;
  } catch (error) {
    rmSync(unfinished, { force: true });
    return reasonOf(error);
  }
}
