import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { isWorkerMessage } from '../../process/ipc/checks.ts';
import type { WatchdogCommand, WorkerMessage } from '../../process/ipc/messages.ts';

/** A longer line is not a message: 200 requests with their paths and a stack take a tenth of it. */
export const MAX_LINE = 1024 * 1024;

/**
 * Reads the messages of a worker's watchdog, one JSON object a line. The application can write to the same descriptor, so
 * anything else is dropped, and a line without an end is not kept beyond MAX_LINE.
 */
export function readMessages(pipe: Readable, heard: (message: WorkerMessage) => void): void {
  let unfinished = '';
  pipe.setEncoding('utf8').on('data', (part) => {
    const lines = `${unfinished}${part}`.split('\n');
    const last = lines.pop() ?? '';
    unfinished = last.length > MAX_LINE ? '' : last;
    for (const message of lines.map(parse)) if (isWorkerMessage(message)) heard(message);
  });
  // The end of the pipe follows, and the exit of the worker.
  pipe.on('error', () => {});
}

/** Tells the watchdog to write the access lines of the requests in flight, which end for this reason; false where it is gone. */
export function orderAccount(pipe: Pick<Socket, 'writable' | 'write'>, reason: string): boolean {
  return tellWatchdog(pipe, { tsunicorn: 'account', reason });
}

/** Tells the watchdog something; false where it is gone. */
export function tellWatchdog(pipe: Pick<Socket, 'writable' | 'write'>, command: WatchdogCommand): boolean {
  if (!pipe.writable) return false;
  pipe.write(`${JSON.stringify(command)}\n`);
  return true;
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    // Something else in the worker wrote to that descriptor.
    return null;
  }
}
