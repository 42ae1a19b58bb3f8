import type { Socket } from 'node:net';
import type { WatchdogCommand, WorkerMessage } from '../../src/process/ipc/messages.ts';

/** If the arbiter has this many bytes yet to read, messages that can wait are not sent. */
const BACKLOG_BYTES = 256 * 1024;

/** The watchdog's end of its pipe to the arbiter; sending never blocks. */
export class ArbiterLine {
  readonly #socket: Socket;

  /** `ordered` gets what the arbiter tells. */
  constructor(fd: number, ordered: (command: WatchdogCommand) => void) {
    const net = process.getBuiltinModule('node:net');
    this.#socket = new net.Socket({ fd });
    // The arbiter is gone, which the parent's pid shows.
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

  /** Resolves when the kernel has the message, and keeps it for the arbiter even if this process dies. */
  say(message: WorkerMessage): Promise<void> {
    return new Promise((said) => {
      if (this.#socket.destroyed) return said();
      this.#socket.write(`${JSON.stringify(message)}\n`, () => said());
    });
  }
}
