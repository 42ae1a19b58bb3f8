import type { OutgoingHttpHeader, ServerResponse } from 'node:http';

type Call = (...args: readonly unknown[]) => unknown;
/** What sends a head or a part of a body. */
type Calls = { writeHead: Call; write: Call; end: Call; flushHeaders: Call };

/** Whether the application's answer is still to begin, goes its way, is thrown away, or was thrown away and has ended. */
type State = 'open' | 'passed' | 'taken' | 'ended';

/**
 * Looks at the head of an answer before it is sent: where it has one of `names`, which are in lower case, the body that the
 * application writes is thrown away, and at its end `instead` is called with the name, its value, and the response with the
 * head as it was set, for another answer in its place. What the application still sends to its own response has no effect:
 * the other answer may come later.
 */
export function watchHead(
  response: ServerResponse,
  names: readonly string[],
  instead: (name: string, value: string, own: ServerResponse) => void,
): void {
  const calls = response as unknown as Calls;
  const { writeHead, write, end, flushHeaders } = calls;
  let state: State = 'open';
  let found: readonly [name: string, value: string] | null = null;

  const decide = (): State => {
    if (state !== 'open') return state;
    const name = response.headersSent ? undefined : names.find((one) => response.hasHeader(one));
    if (name === undefined) state = 'passed';
    else {
      found = [name, String(response.getHeader(name))];
      state = 'taken';
    }
    return state;
  };

  /** A call that passes while the application's do not. Node's own calls use response.writeHead() in turn. */
  const freely =
    (call: Call): Call =>
    (...args) => {
      const before = state;
      state = 'passed';
      try {
        return Reflect.apply(call, response, args);
      } finally {
        state = before;
      }
    };

  calls.writeHead = (...args) => {
    if (state === 'ended') return response;
    if (state === 'passed' || response.headersSent) return Reflect.apply(writeHead, response, args);
    const pairs = pairsOf(args.at(-1));
    const isAsked = names.some((one) => response.hasHeader(one) || pairs.some(([name]) => isSame(name, one)));
    if (isAsked) setHead(response, args, pairs);
    return decide() === 'taken' ? response : Reflect.apply(writeHead, response, args);
  };
  calls.flushHeaders = (...args) =>
    decide() === 'passed' ? Reflect.apply(flushHeaders, response, args) : undefined;
  calls.write = (...args) => {
    if (decide() === 'passed') return Reflect.apply(write, response, args);
    confirm(args, state === 'ended' ? 'ERR_STREAM_WRITE_AFTER_END' : null);
    return state !== 'ended';
  };
  calls.end = (...args) => {
    if (decide() === 'passed') return Reflect.apply(end, response, args);
    confirm(args, state === 'ended' ? 'ERR_STREAM_ALREADY_FINISHED' : null);
    if (state === 'ended' || found === null) return response;
    state = 'ended';
    for (const name of names) response.removeHeader(name);
    const free = { writeHead, write, end, flushHeaders };
    for (const name of Object.keys(free) as (keyof Calls)[]) free[name] = freely(free[name]);
    instead(...found, withCalls(response, free));
    return response;
  };
}

/** The same response with other calls. */
function withCalls(response: ServerResponse, calls: Calls): ServerResponse {
  return new Proxy(response, {
    get(target, key) {
      if (Object.hasOwn(calls, key)) return calls[key as keyof Calls];
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
    set: (target, key, value) => Reflect.set(target, key, value, target),
  });
}

/** Calls the callback of a call without effect, with the error that Node has for it. */
function confirm(args: readonly unknown[], code: string | null): void {
  const done = args.at(-1);
  if (typeof done !== 'function') return;
  const error = code === null ? [] : [Object.assign(new Error('the answer has ended'), { code })];
  process.nextTick(() => done(...error));
}

function isSame(name: string, lower: string): boolean {
  return name.length === lower.length && name.toLowerCase() === lower;
}

/** Sets on the response what writeHead() was given. */
function setHead(response: ServerResponse, args: readonly unknown[], pairs: Pairs): void {
  response.statusCode = Number(args[0]);
  if (typeof args[1] === 'string') response.statusMessage = args[1];
  for (const [name] of pairs) response.removeHeader(name);
  for (const [name, value] of pairs)
    response.appendHeader(name, Array.isArray(value) ? value.map(String) : String(value));
}

type Pairs = readonly (readonly [name: string, value: OutgoingHttpHeader])[];

/** The headers that writeHead() takes: an object, a list of names and values in turn, or a list of pairs. */
function pairsOf(headers: unknown): Pairs {
  if (typeof headers !== 'object' || headers === null) return [];
  if (!Array.isArray(headers)) return Object.entries(headers).filter(([, value]) => value !== undefined);
  if (Array.isArray(headers[0])) return headers;
  return headers.flatMap((name: string, at) => (at % 2 === 0 ? [[name, headers[at + 1]] as const] : []));
}
