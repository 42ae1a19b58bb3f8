import type { Socket } from 'node:net';

type Write = (chunk: unknown, ...rest: unknown[]) => unknown;

/**
 * Calls `answered` before the first write to the socket, with the status in what is written (0 if there is none) and its
 * length. Then it restores both methods that write.
 */
export function onAnswer(socket: Socket, answered: (status: number, length: number) => void): void {
  const own = { write: Object.hasOwn(socket, 'write'), end: Object.hasOwn(socket, 'end') };
  const { write, end } = socket;
  const restore = () => {
    if (own.write) socket.write = write;
    else Reflect.deleteProperty(socket, 'write');
    if (own.end) socket.end = end;
    else Reflect.deleteProperty(socket, 'end');
  };
  const watched = (send: Write): Write =>
    function (this: Socket, chunk, ...rest) {
      if (typeof chunk === 'string' || chunk instanceof Uint8Array) {
        restore();
        answered(statusIn(chunk), chunk.length);
      }
      return Reflect.apply(send, this, [chunk, ...rest]);
    };
  socket.write = watched(write as Write) as Socket['write'];
  socket.end = watched(end as Write) as Socket['end'];
}

/** The status of a head; 0 where the bytes are none. */
function statusIn(chunk: string | Uint8Array): number {
  const text =
    typeof chunk === 'string' ? chunk.slice(0, 16) : Buffer.from(chunk.subarray(0, 16)).toString('latin1');
  return Number(/^HTTP\/1\.[01] (\d{3})\b/.exec(text)?.[1] ?? 0);
}
