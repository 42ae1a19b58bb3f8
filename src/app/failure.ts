import { BootError, EXIT } from '../support/errors.ts';
import { isOwnFile } from '../support/own-files.ts';
import { frameOf, isFrame } from '../support/stack-frames.ts';

/** An error that says, in one line, why the application could not be loaded; exit status 4. */
export function appError(message: string, userStack?: string): BootError {
  return new BootError(message, EXIT.appLoad, userStack);
}

/** The error for a file of the application that the worker's user has no right to read. */
export function unreadable(spec: string, file: string): BootError {
  return appError(
    `${spec}: ${file} cannot be read (EACCES) by the user of the workers; change its mode or --user`,
  );
}

/** Whether a line of a stack is a frame of tsunicorn itself, or of Node's internals. */
export function isOurs(line: string): boolean {
  if (line.includes('node:internal')) return true;
  const file = frameOf(line)?.file;
  return file !== undefined && isOwnFile(file);
}

/** The stack without Node's own frames and ours, causes included; undefined where no error was thrown. */
export function stackOf(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error) || thrown.stack === undefined) return undefined;
  const lines = thrown.stack.split('\n').filter((line) => !isFrame(line) || !isOurs(line));
  const cause = stackOf(thrown.cause);
  return cause === undefined ? lines.join('\n') : `${lines.join('\n')}\nCaused by: ${cause}`;
}
