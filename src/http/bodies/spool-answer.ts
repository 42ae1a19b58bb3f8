import type { ServerResponse } from 'node:http';
import { AnswerSpool } from './answer-spool.ts';
import type { BodyStore } from './store.ts';

type Done = (error?: Error | null) => void;
type Data = string | Uint8Array;
type Args = readonly unknown[];

/** What a handler calls. */
interface Calls {
  write: (...args: Args) => boolean;
  end: (...args: Args) => ServerResponse;
}

/**
 * Lets a handler write its answer without a wait for the client: what that has yet to take is kept in `store`. The answer
 * has ended for the handler when it has called `end`, and for its client when that has read the rest.
 */
export function spoolAnswer(response: ServerResponse, store: BodyStore): void {
  const calls = response as unknown as Calls;
  const { write, end } = calls;
  let spool: AnswerSpool | null = null;
  let hasEnded = false;
  const hasRoom = () => void response.emit('drain');
  // By names, for the reason given in AnswerSpool's users: V8 allocates functions that are written where they are assigned
  // to a property in its old space at once.
  const spooled = (...args: Args): boolean => {
    if (spool === null) {
      const takesMore = Reflect.apply(write, response, args);
      if (takesMore || !response.writableNeedDrain) return takesMore;
      spool = new AnswerSpool(response, store, (part) => Reflect.apply(write, response, [part]));
      spool.waitForClient();
      return true;
    }
    const [data, encoding, done] = argumentsOf(args);
    // What is no data throws there, and what comes behind the end is an error.
    if (data === null || hasEnded) return Reflect.apply(write, response, args);
    if (done !== null) process.nextTick(done);
    return spool.write(typeof data === 'string' ? Buffer.from(data, encoding) : copyOf(data), hasRoom);
  };
  const ended = (...args: Args): ServerResponse => {
    if (spool === null || hasEnded) return Reflect.apply(end, response, args);
    const [data, encoding, done] = argumentsOf(args);
    if (data !== null) spooled(data, encoding);
    hasEnded = true;
    if (done !== null) response.once('finish', () => done());
    // A handler, and whoever waits for its turn, sees what it would see.
    Object.defineProperty(response, 'writableEnded', { value: true, configurable: true });
    spool.end(() => {
      Reflect.deleteProperty(response, 'writableEnded');
      Reflect.apply(end, response, []);
    });
    return response;
  };
  calls.write = spooled;
  calls.end = ended;
}

/** `(data, done)`, `(data, encoding, done)` or, of an end, `(done)`. */
function argumentsOf(
  args: Args,
): readonly [data: Data | null, encoding: BufferEncoding | undefined, done: Done | null] {
  const done = args.findLast((value) => typeof value === 'function') as Done | undefined;
  const [data, encoding] = args;
  return [
    typeof data === 'string' || data instanceof Uint8Array ? data : null,
    typeof encoding === 'string' ? (encoding as BufferEncoding) : undefined,
    done ?? null,
  ];
}

/** The handler may use its buffer again once it is told that it was taken. */
function copyOf(data: Uint8Array): Buffer {
  return Buffer.from(data);
}
