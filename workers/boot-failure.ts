import { BootError, codeOf, EXIT, messageOf } from '../src/errors.ts';
import { explainBind } from '../src/listeners/listener.ts';
import { ListenError } from './gate.ts';

/** What to tell the arbiter of an error that kept the worker from getting ready, `whence` it came. */
export function bootFailure(
  error: unknown,
  whence = 'while it was loading',
): { exitStatus: number; message: string; stack?: string } {
  if (error instanceof BootError) {
    const { exitStatus, message, userStack } = error;
    return userStack === undefined ? { exitStatus, message } : { exitStatus, message, stack: userStack };
  }
  if (error instanceof ListenError) {
    const message = explainBind(error.listener.source, codeOf(error.cause), error.message);
    return { exitStatus: EXIT.usage, message };
  }
  const stack = error instanceof Error ? error.stack : undefined;
  const message = `the application failed ${whence}: ${messageOf(error)}`;
  return { exitStatus: EXIT.appLoad, message, ...(stack === undefined ? {} : { stack }) };
}
