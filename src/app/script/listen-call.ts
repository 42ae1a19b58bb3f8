/** What a program asks for with `server.listen()`. */
export type ListenCall =
  | {
      readonly kind: 'port';
      /** 0 asks for any port. */
      readonly port: number;
      readonly host: string | null;
      /** Not to be shared with other processes. */
      readonly exclusive: boolean;
    }
  | { readonly kind: 'path'; readonly path: string }
  /** A descriptor or a handle that listens already, or is bound. */
  | { readonly kind: 'handle' };

export interface ParsedListen {
  readonly call: ListenCall;
  readonly callback: (() => void) | null;
  readonly signal: AbortSignal | null;
}

/** Reads the arguments of `server.listen()` in all its forms, as node:net does; null where node:net would throw. */
export function parseListen(args: readonly unknown[]): ParsedListen | null {
  const last = args.at(-1);
  const callback = typeof last === 'function' ? (last as () => void) : null;
  const [first, second] = args;
  if (typeof first === 'object' && first !== null) return parseOptions(first, callback);
  if (typeof first === 'string' && !isNumeric(first))
    return { call: { kind: 'path', path: first }, callback, signal: null };
  const port = portOf(typeof first === 'function' ? undefined : first);
  if (port === null) return null;
  const host = typeof second === 'string' ? second : null;
  return { call: { kind: 'port', port, host, exclusive: false }, callback, signal: null };
}

function parseOptions(options: object, callback: ParsedListen['callback']): ParsedListen | null {
  const given: Readonly<Record<string, unknown>> = { ...options };
  const signal = given.signal instanceof AbortSignal ? given.signal : null;
  if (given.signal !== undefined && signal === null) return null;
  // Also a server or a socket itself, whose handle is no property that is copied.
  if (hasHandle(options)) return { call: { kind: 'handle' }, callback, signal };
  if ('port' in given || typeof given.path !== 'string') {
    const port = 'port' in given ? portOf(given.port) : null;
    if (port === null) return null;
    const host = typeof given.host === 'string' ? given.host : null;
    return { call: { kind: 'port', port, host, exclusive: given.exclusive === true }, callback, signal };
  }
  return { call: { kind: 'path', path: given.path }, callback, signal };
}

function hasHandle(options: object): boolean {
  if (Reflect.get(options, '_handle')) return true;
  const fd: unknown = Reflect.get(options, 'fd');
  return typeof fd === 'number' && fd >= 0;
}

function portOf(value: unknown): number | null {
  if (value === undefined || value === null) return 0;
  if (typeof value !== 'number' && !(typeof value === 'string' && isNumeric(value))) return null;
  const port = Number(value);
  return Number.isInteger(port) && port >= 0 && port <= 65_535 ? port : null;
}

function isNumeric(text: string): boolean {
  return text.trim() !== '' && Number(text) >= 0;
}

/** Such as "port 3000 of ::1", for lines of the log. */
export function placeOf(call: ListenCall): string {
  switch (call.kind) {
    case 'port':
      if (call.port === 0) return 'any port';
      return call.host === null ? `port ${call.port}` : `port ${call.port} of ${call.host}`;
    case 'path':
      return call.path;
    case 'handle':
      return 'a descriptor of its own';
  }
}
