import type { OutgoingHttpHeader, ServerResponse } from 'node:http';

type Call = (...args: readonly unknown[]) => unknown;
/** What sends a head or a part of a body. */
type Calls = { writeHead: Call; write: Call; end: Call; flushHeaders: Call };

/** Whether the application's answer is still to begin, goes its way, or is thrown away. */
type State = 'open' | 'passed' | 'taken';

/**
 * Looks at the head of an answer before it is sent: where it has one of `names`, which are in lower case, the body that the
 * application writes is thrown away, and at its end `instead` is called with the name, its value, and the head as it was
 * set on the response, for another answer in its place.
 */
export function watchHead(
  response: ServerResponse,
  names: readonly string[],
  instead: (name: string, value: string) => void,
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

  calls.writeHead = (...args) => {
    if (state === 'passed' || response.headersSent) return Reflect.apply(writeHead, response, args);
    const pairs = pairsOf(args.at(-1));
    const isAsked = names.some((one) => response.hasHeader(one) || pairs.some(([name]) => isSame(name, one)));
    if (isAsked) setHead(response, args, pairs);
    return decide() === 'taken' ? response : Reflect.apply(writeHead, response, args);
  };
  calls.flushHeaders = (...args) =>
    decide() === 'taken' ? undefined : Reflect.apply(flushHeaders, response, args);
  calls.write = (...args) => {
    if (decide() !== 'taken') return Reflect.apply(write, response, args);
    confirm(args);
    return true;
  };
  calls.end = (...args) => {
    if (decide() !== 'taken' || found === null) return Reflect.apply(end, response, args);
    state = 'passed';
    confirm(args);
    for (const name of names) response.removeHeader(name);
    instead(...found);
    return response;
  };
}

/** Calls the callback of a write whose data is thrown away. */
function confirm(args: readonly unknown[]): void {
  const done = args.at(-1);
  if (typeof done === 'function') process.nextTick(() => done());
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
