import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

const HEADER_BYTES = 12;
const TYPE_A = 1;
const LOOPBACK = [127, 0, 0, 1];

/** A name server that knows every name as 127.0.0.1, or is silent. */
export class Names {
  readonly address: string;
  isSilent = false;
  readonly #socket: Socket;

  private constructor(socket: Socket, address: string) {
    this.#socket = socket;
    this.address = address;
    socket.on('message', (query, { port, address: from }) => {
      if (!this.isSilent) socket.send(answerTo(query), port, from);
    });
  }

  /** At port 53 of that address; null where it cannot be had. */
  static async at(address: string): Promise<Names | null> {
    const socket = createSocket('udp4');
    socket.bind(53, address);
    try {
      await once(socket, 'listening');
    } catch {
      // EACCES or EADDRINUSE.
      return null;
    }
    return new Names(socket, address);
  }

  close(): void {
    this.#socket.close();
  }
}

/** RFC 1035, 4.1: the question again, and an address where one of IPv4 is asked for. */
function answerTo(query: Buffer): Buffer {
  let end = HEADER_BYTES;
  while (end < query.length && query[end] !== 0) end += 1 + (query[end] ?? 0);
  const isOfV4 = query.length > end + 2 && query.readUInt16BE(end + 1) === TYPE_A;
  const question = query.subarray(HEADER_BYTES, end + 5);
  const header = Buffer.alloc(HEADER_BYTES);
  query.copy(header, 0, 0, 2);
  // An answer, recursion asked for and to be had; one question.
  header.writeUInt16BE(0x8180, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(isOfV4 ? 1 : 0, 6);
  // The name of the question (a pointer to it), type A, class IN, for no time, four bytes.
  const record = Buffer.from([0xc0, HEADER_BYTES, 0, TYPE_A, 0, 1, 0, 0, 0, 0, 0, 4, ...LOOPBACK]);
  return Buffer.concat(isOfV4 ? [header, question, record] : [header, question]);
}
