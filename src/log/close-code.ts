import type { Socket } from 'node:net';

/** RFC 6455, 7.4.1: what stands for a close frame without a status, and for an end without a close frame. */
const NO_STATUS = 1005;
const NO_FRAME = 1006;

/** A final frame of opcode 8, as a server sends it: not masked, and with at most 125 bytes (RFC 6455, 5.2 and 5.5). */
const CLOSE = 0x88;
const LONGEST = 125;

type Write = (this: Socket, chunk: unknown, ...rest: unknown[]) => unknown;

/**
 * Finds the status with which a WebSocket is closed: that of the close frame which the server sends last, since a server
 * answers the frame of its client with the same status. No frame is parsed: of each write only the size and the first byte
 * are looked at, and the frame counts where nothing is written behind it.
 */
export class CloseCode {
  #code = NO_FRAME;
  /** The length of a frame whose head was written alone, as `ws` does; 0 where none was. */
  #awaited = 0;

  constructor(socket: Socket) {
    const see = (chunk: unknown) => this.#see(chunk);
    for (const name of ['write', 'end'] as const) {
      const send = socket[name] as Write;
      const seeing: Write = function (chunk, ...rest) {
        see(chunk);
        return Reflect.apply(send, this, [chunk, ...rest]);
      };
      Reflect.set(socket, name, seeing);
    }
  }

  get code(): number {
    return this.#code;
  }

  #see(chunk: unknown): void {
    if (!(chunk instanceof Uint8Array) || chunk.length === 0) return;
    if (this.#awaited > 0 && chunk.length === this.#awaited) {
      this.#awaited = 0;
      this.#code = statusAt(chunk, 0);
      return;
    }
    this.#awaited = 0;
    this.#code = NO_FRAME;
    const length = chunk[1] ?? 0;
    if (chunk[0] !== CLOSE || length > LONGEST) return;
    if (chunk.length === 2 && length > 0) this.#awaited = length;
    else if (chunk.length === 2 + length) this.#code = length === 0 ? NO_STATUS : statusAt(chunk, 2);
  }
}

function statusAt(frame: Uint8Array, at: number): number {
  const code = ((frame[at] ?? 0) << 8) | (frame[at + 1] ?? 0);
  return code >= 1000 && code < 5000 ? code : NO_FRAME;
}
