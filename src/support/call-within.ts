import { codeOf } from './errors.ts';

/** Calls what has to return within so many milliseconds, and gives what it returns. */
export type CallWithin = <Result>(limitMs: number, call: () => Result) => Result;

/** The property of globalThis that a script calls, while it does. */
const CALLED = 'tsunicorn.called';

/**
 * Calls what has to return within `limitMs`, a promise included, and gives what it returns. JavaScript that has not by then,
 * an endless loop for one, is ended, and an Error thrown. What waits in native code is ended when it comes back from there.
 */
export function callWithin<Result>(limitMs: number, call: () => Result): Result {
  const vm = process.getBuiltinModule('node:vm');
  // Only what runs under a script can be given a time limit; a symbol that is not listed, as it is seen for the moment.
  const symbol = Symbol.for(CALLED);
  const before = Object.getOwnPropertyDescriptor(globalThis, symbol);
  Object.defineProperty(globalThis, symbol, { value: call, configurable: true });
  try {
    return vm.runInThisContext(`globalThis[Symbol.for('${CALLED}')]()`, {
      timeout: limitMs,
      // Or the stack of what is thrown would begin with this line.
      displayErrors: false,
    });
  } catch (error) {
    if (codeOf(error) !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
    throw new Error(`it did not return within ${limitMs / 1000} s, and was ended`);
  } finally {
    if (before) Object.defineProperty(globalThis, symbol, before);
    else Reflect.deleteProperty(globalThis, symbol);
  }
}
