import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { type AccountCommand, isWorkerMessage, type WorkerMessage } from '../../process/ipc.ts';

/** A line that is longer is nobody's message: 200 requests with their paths and a stack have a tenth of it. */
export const MAX_LINE = 1024 * 1024;

/**
 * Reads the messages of a worker's watchdog, one JSON object a line. The application has the same descriptor, so whatever
 * else comes is dropped, and what never ends in a newline is not gathered for ever.
 */
export function readMessages(pipe: Readable, heard: (message: WorkerMessage) => void): void {
  let unfinished = '';
  pipe.setEncoding('utf8').on('data', (part) => {
    const lines = `${unfinished}${part}`.split('\n');
    const last = lines.pop() ?? '';
    unfinished = last.length > MAX_LINE ? '' : last;
    for (const message of lines.map(parse)) if (isWorkerMessage(message)) heard(message);
  });
  // Its end says all there is to say.
  pipe.on('error', () => {});
}

/** Has the watchdog write the lines of the requests in flight, as they end for this reason; false where it is gone. */
export function orderAccount(pipe: Pick<Socket, 'writable' | 'write'>, reason: string): boolean {
  if (!pipe.writable) return false;
  const order: AccountCommand = { tsunicorn: 'account', reason };
  pipe.write(`${JSON.stringify(order)}\n`);
  return true;
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    // Whatever else in the worker wrote to that descriptor is none of ours.
    return null;
  }
}
