import { once } from 'node:events';
import net from 'node:net';
import { onTestFinished } from '../current-test.ts';
import { deadlineMs } from '../patience.ts';

// RFC 9113: 3.4, 6 and 7

export const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';

export const TYPE = {
  ...{ data: 0, headers: 1, priority: 2, reset: 3, settings: 4, push: 5, ping: 6, goAway: 7, window: 8 },
  continuation: 9,
} as const;

export const FLAG = { endStream: 1, ack: 1, endHeaders: 4, padded: 8, priority: 32 } as const;

export const CODE = {
  ...{ none: 0, protocol: 1, internal: 2, flowControl: 3, streamClosed: 5, frameSize: 6, refused: 7 },
  ...{ cancel: 8, compression: 9 },
} as const;

/** A frame of its bytes. */
export function frame(type: number, flags: number, stream: number, payload: Uint8Array = Buffer.alloc(0)) {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

export type Field = readonly [name: string, value: string];

/** A header block without compression (RFC 7541, 6.2.2). */
export function block(...fields: readonly Field[]): Buffer {
  const text = (of: string) => Buffer.concat([Buffer.from([of.length]), Buffer.from(of)]);
  return Buffer.concat(fields.flatMap(([name, value]) => [Buffer.from([0]), text(name), text(value)]));
}

/** The head of a request without a body. */
export const GET: readonly Field[] = [
  [':method', 'GET'],
  [':scheme', 'http'],
  [':path', '/'],
  [':authority', 'x'],
];

/** The head of one with. */
export const POST: readonly Field[] = [[':method', 'POST'], ...GET.slice(1)];

/** A number of 32 bits. */
export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

export type Setting = readonly [id: number, value: number];

/** The payload of a SETTINGS frame. */
export function settings(...pairs: readonly Setting[]): Buffer {
  return Buffer.concat(pairs.flatMap(([id, value]) => [Buffer.from([0, id]), uint32(value)]));
}

export interface Got {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

/** What was reset, and with which code. */
export type Told = readonly [whose: 'stream' | 'connection', code: number | null];

/** A client of HTTP/2 that sends what it is told to, also what no client may send. */
export class RawClient {
  readonly got: Got[] = [];
  isClosed = false;
  readonly #socket: net.Socket;
  #rest = Buffer.alloc(0);
  #pings = 0;

  constructor(port: number) {
    this.#socket = net.connect(port, '127.0.0.1');
    this.#socket.on('error', () => {});
    this.#socket.on('data', (chunk: Buffer) => this.#take(chunk));
    this.#socket.once('close', () => {
      this.isClosed = true;
    });
    onTestFinished(() => void this.#socket.destroy());
  }

  send(...frames: readonly (Uint8Array | string)[]): this {
    for (const one of frames) if (this.#socket.writable) this.#socket.write(one);
    return this;
  }

  end(): void {
    this.#socket.destroy();
  }

  /** Connects, and has exchanged settings. */
  async begin(own: Buffer = Buffer.alloc(0)): Promise<this> {
    this.send(PREFACE, frame(TYPE.settings, 0, 0, own));
    await this.until(
      ({ got }) =>
        got.some(({ type, flags }) => type === TYPE.settings && flags === 0) &&
        got.some(({ type, flags }) => type === TYPE.settings && flags === FLAG.ack),
    );
    return this.send(frame(TYPE.settings, FLAG.ack, 0));
  }

  /** Whether that comes before the connection ends. Rejects when it takes too long. */
  async until(isThere: (client: this) => boolean): Promise<boolean> {
    const limit = AbortSignal.timeout(Math.ceil(deadlineMs()));
    while (!isThere(this)) {
      if (this.isClosed) return false;
      const options = { signal: limit };
      await Promise.race([once(this.#socket, 'data', options), once(this.#socket, 'close', options)]);
    }
    return true;
  }

  /** Resolves when the server has seen all that was sent, and has sent what it has to say of that. */
  async settled(): Promise<void> {
    // The second one is answered behind what the first round of events has led to.
    for (let round = 0; round < 2; round++) {
      const payload = Buffer.alloc(8, ++this.#pings);
      this.send(frame(TYPE.ping, 0, 0, payload));
      await this.until(({ got }) => got.some((one) => one.type === TYPE.ping && one.payload.equals(payload)));
    }
  }

  /** The codes by which streams were reset, and the connection; `closed` where it has ended without one. */
  faults(): readonly Told[] {
    const told = this.got.flatMap(({ type, payload }): readonly Told[] => {
      if (type === TYPE.reset) return [['stream', payload.readUInt32BE(0)]];
      return type === TYPE.goAway ? [['connection', payload.readUInt32BE(4)]] : [];
    });
    // Without a fault a connection may be told to end, and a stream to send no more.
    const faults = told.filter(([, code]) => code !== CODE.none);
    const hasEnded = this.isClosed && !faults.some(([whose]) => whose === 'connection');
    return hasEnded ? [...faults, ['connection', null]] : faults;
  }

  /** Whether the answer of a stream has come whole. */
  isAnswered(stream: number): boolean {
    return this.got.some(
      (one) =>
        one.stream === stream &&
        (one.type === TYPE.headers || one.type === TYPE.data) &&
        (one.flags & FLAG.endStream) !== 0,
    );
  }

  #take(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    while (this.#rest.length >= 9) {
      const length = this.#rest.readUIntBE(0, 3);
      if (this.#rest.length < 9 + length) return;
      const [type = -1, flags = 0] = this.#rest.subarray(3, 5);
      const stream = this.#rest.readUInt32BE(5);
      this.got.push({ type, flags, stream, payload: this.#rest.subarray(9, 9 + length) });
      this.#rest = this.#rest.subarray(9 + length);
    }
  }
}
