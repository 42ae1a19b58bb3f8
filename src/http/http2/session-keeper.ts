import type { ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import { cancel, propertyOf } from './internals.ts';

/** The property of a session whose end is seen to. */
const SEEN_TO = Symbol('seenTo');

type Marked = ServerHttp2Session & { [SEEN_TO]?: true };

/**
 * Keeps clients from ending the process. Node asserts that nothing is left of the memory of a session when that is collected,
 * and a stream may have some of it: the part of its trailers that had come when the connection ended. Such a stream is
 * collected with the session, or after it, where a part of its answer was still to be written. So the session ends before
 * its socket does, which gives back what waits to be written, and stays until its streams are gone.
 */
export class SessionKeeper {
  /** Has the native session as long as the native stream is there. */
  readonly #streams = new FinalizationRegistry<object>(() => {});
  #handle: symbol | undefined;

  /** To be called for each stream, when it comes. */
  keep(stream: ServerHttp2Stream, socket: Socket): void {
    const { session } = stream;
    // Without a body there are no trailers.
    if (stream.endAfterHeaders || session === undefined) return;
    this.#handle ??= Object.getOwnPropertySymbols(stream).find(
      ({ description }) => description === 'kHandle',
    );
    if (this.#handle === undefined) return;
    const [ofStream, ofSession] = [Reflect.get(stream, this.#handle), Reflect.get(session, this.#handle)];
    if (ofStream === undefined || ofSession === undefined) return;
    this.#streams.register(ofStream, ofSession);
    endFirst(session as Marked, socket);
  }
}

/**
 * To be called for each session, when it comes. A stream whose head is refused has the part of it that had come, and nobody is
 * told of that stream, nor always of one whose session ends in the same packet. Node lets go of the native session at once when
 * that ends, and of native streams only in the queue of setImmediate(): a session must not be collected in between.
 */
export function keepForStreams(session: ServerHttp2Session): void {
  const native = propertyOf(session, 'kHandle');
  if (native === undefined) return;
  // Node empties its own queue first.
  session.once('close', () => setImmediate(hold, native));
}

function hold(_: object): void {}

/** Does what Node does when the socket has closed, before that. */
function endFirst(session: Marked, socket: Socket): void {
  if (session[SEEN_TO]) return;
  session[SEEN_TO] = true;
  const destroy = (error?: Error): Socket => {
    Reflect.deleteProperty(socket, 'destroy');
    if (error) session.destroy(error);
    else cancel(session);
    return socket.destroy(error);
  };
  socket.destroy = destroy;
}
