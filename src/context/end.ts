import type { IncomingMessage } from 'node:http';
import { isThenable } from '../support/thenable.ts';
import { host } from './host.ts';
import type { Context, Teardown } from './store.ts';

/** A handler that still runs this long after its answer has ended is not waited for. */
const HANDLER_MS = 1000;

/** From now on the end of the request runs what is registered for it. */
export function watchEnd(context: Context): void {
  const { outgoing, socket, extras } = context;
  const stream = outgoing ?? socket;
  if (extras.state !== 'open' || stream === null) return;
  extras.state = 'watched';
  const ended = () => answerEnded(context);
  if (stream.closed) process.nextTick(ended);
  else stream.once('close', ended);
}

function answerEnded(context: Context): void {
  const { returned } = context;
  const ending =
    isThenable(returned) && !isOutOfTime(context)
      ? settledSoon(returned).then(() => endContext(context))
      : endContext(context);
  if (ending) host.wait(ending);
}

/** Runs what is registered, the latest first, one after another; resolves, where one is asynchronous, when all are done. */
export function endContext(context: Context): Promise<void> | undefined {
  runAfter(context);
  const { teardowns } = context.extras;
  const error = reasonOf(context);
  for (let next = teardowns.pop(); next; next = teardowns.pop()) {
    const returned = attempt(context, next, error);
    if (isThenable(returned)) return endLater(context, returned, error);
  }
  context.extras.state = 'ended';
  return undefined;
}

async function endLater(context: Context, first: PromiseLike<unknown>, error: unknown): Promise<void> {
  const { teardowns } = context.extras;
  await settled(context, first);
  for (let next = teardowns.pop(); next; next = teardowns.pop())
    await settled(context, attempt(context, next, error));
  context.extras.state = 'ended';
}

/** Calls the functions that are to see the head of the answer, once. */
export function runAfter(context: Context): void {
  const { outgoing, extras } = context;
  if (outgoing === null) return;
  for (const act of extras.after.splice(0)) attempt(context, act, outgoing);
}

/** Calls a function in the context; what it throws is reported. */
function attempt<Value>(context: Context, act: (value: Value) => unknown, value: Value): unknown {
  try {
    return host.storage.run(context, act, value);
  } catch (error) {
    report(error, context.incoming);
    return undefined;
  }
}

async function settled(context: Context, returned: unknown): Promise<void> {
  try {
    await returned;
  } catch (error) {
    report(error, context.incoming);
  }
}

/** Logs an error of code that nobody waits for. */
export function report(error: unknown, incoming: IncomingMessage | null): void {
  const { service } = host;
  // In a script nobody else would say it.
  if (service === null) return void process.emitWarning(error instanceof Error ? error : String(error));
  service.onError(error, incoming ?? undefined);
}

function settledSoon(returned: PromiseLike<unknown>): Promise<void> {
  return new Promise((done) => {
    const timer = setTimeout(done, HANDLER_MS);
    const end = () => {
      clearTimeout(timer);
      done();
    };
    returned.then(end, end);
  });
}

/** Whether the server has ended the request for its time limit: its handler has had its time. */
function isOutOfTime(context: Context): boolean {
  return errorsOf(context).some(({ name }) => name === 'TimeoutError');
}

/** Why the context did not end well; null where it did. */
function reasonOf(context: Context): unknown {
  const { outgoing, extras } = context;
  if (extras.error !== null) return extras.error;
  const errors = errorsOf(context);
  const timeout = errors.find(({ name }) => name === 'TimeoutError');
  if (timeout !== undefined) return timeout;
  if (outgoing === null) return errors[0] ?? null;
  if (outgoing.writableFinished) return null;
  return (
    errors[0] ?? new Error('the answer was not sent in full: its client left, or its connection was cut')
  );
}

function errorsOf({ incoming }: Context): readonly Error[] {
  return incoming === null
    ? []
    : [incoming.errored, incoming.socket.errored].filter((error) => error !== null);
}

/** Registers a function for the end of the context. */
export function atEnd(context: Context, teardown: Teardown): void {
  const { extras } = context;
  extras.teardowns.push(teardown);
  watchEnd(context);
  // It comes behind the end, from what the handler has left running.
  if (extras.state === 'ended') void endContext(context);
}
