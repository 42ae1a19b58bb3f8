import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { MAX_LINE, readMessages } from '../../../../src/arbiter/workers/watchdog-pipe.ts';
import type { WorkerMessage } from '../../../../src/process/ipc/messages.ts';

const DEBUGGED = { tsunicorn: 'debugged' } as const;
const LINE = `${JSON.stringify(DEBUGGED)}\n`;

async function heardOf(...parts: readonly string[]): Promise<readonly WorkerMessage[]> {
  const pipe = new PassThrough();
  const heard: WorkerMessage[] = [];
  readMessages(pipe, (message) => heard.push(message));
  for (const part of parts) {
    pipe.write(part);
    // A chunk at a time, as from a pipe.
    await new Promise(setImmediate);
  }
  return heard;
}

describe('the pipe of a watchdog', () => {
  it('gives the messages that come in it, in pieces or several at once', async () => {
    expect(await heardOf(LINE.slice(0, 5), LINE.slice(5), LINE + LINE)).toEqual([
      DEBUGGED,
      DEBUGGED,
      DEBUGGED,
    ]);
  });

  it('drops what an application writes there', async () => {
    expect(await heardOf('hello\n', '{"tsunicorn":"stalled"}\n', LINE)).toEqual([DEBUGGED]);
  });

  it('gathers no line for ever that does not end', async () => {
    const blanks = ' '.repeat(MAX_LINE / 2);
    // Had that line been kept, the first message would be its end and lost.
    expect(await heardOf(`x${blanks}`, blanks, LINE, LINE)).toEqual([DEBUGGED, DEBUGGED]);
  });
});
