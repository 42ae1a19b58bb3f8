import type { Socket } from 'node:net';
import type { AccountCommand, WorkerMessage } from '../../src/process/ipc.ts';

/** Beyond so many bytes that the arbiter has yet to read, nothing more is said that can be said later. */
const BACKLOG_BYTES = 256 * 1024;

/** The watchdog's pipe as its thread has it: what it says never waits for the arbiter. */
export class ArbiterLine {
  readonly #socket: Socket;

  /** `ordered` is called when the arbiter is about to kill this process. */
  constructor(fd: number, ordered: (order: AccountCommand) => void) {
    const net = process.getBuiltinModule('node:net');
    this.#socket = new net.Socket({ fd });
    // The arbiter has gone; that is seen by the parent's pid.
    this.#socket.on('error', () => {});
    let text = '';
    this.#socket.setEncoding('utf8').on('data', (part) => {
      const lines = `${text}${part}`.split('\n');
      text = lines.pop() ?? '';
      for (const line of lines) if (line !== '') ordered(JSON.parse(line));
    });
  }

  get isFull(): boolean {
    return this.#socket.writableLength > BACKLOG_BYTES;
  }

  /** Resolves when the message is with the system, which keeps it for the arbiter whatever becomes of this process. */
  say(message: WorkerMessage): Promise<void> {
    return new Promise((said) => {
      if (this.#socket.destroyed) return said();
      this.#socket.write(`${JSON.stringify(message)}\n`, () => said());
    });
  }
}
