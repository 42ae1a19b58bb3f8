/** What a program asks for with `server.listen()`. */
export type ListenCall =
  | {
      readonly kind: 'port';
      /** 0 asks for any port. */
      readonly port: number;
      readonly host: string | null;
      /** Not to be shared with other processes. */
      readonly exclusive: boolean;
      readonly ipv6Only?: true;
    }
  | { readonly kind: 'path'; readonly path: string }
  /** A descriptor or a handle that listens already, or is bound. */
  | { readonly kind: 'handle' };

export interface ParsedListen {
  readonly call: ListenCall;
  readonly callback: (() => void) | null;
  readonly signal: AbortSignal | null;
  /** The length of the kernel's queue; null for node:net's own. */
  readonly backlog: number | null;
}

/** Reads the arguments of `server.listen()` in all its forms, as node:net does; null where node:net would throw. */
export function parseListen(args: readonly unknown[]): ParsedListen | null {
  const last = args.at(-1);
  const callback = typeof last === 'function' ? (last as () => void) : null;
  const [first, second, third] = args;
  const backlog = backlogOf(second) ?? backlogOf(third);
  if (typeof first === 'object' && first !== null) return parseOptions(first, callback, backlog);
  if (typeof first === 'string' && !isNumeric(first))
    return { call: { kind: 'path', path: first }, callback, signal: null, backlog };
  const port = portOf(typeof first === 'function' ? undefined : first);
  if (port === null) return null;
  const host = hostOf(second);
  return { call: { kind: 'port', port, host, exclusive: false }, callback, signal: null, backlog };
}

function parseOptions(
  options: object,
  callback: ParsedListen['callback'],
  second: number | null,
): ParsedListen | null {
  const given: Readonly<Record<string, unknown>> = { ...options };
  const backlog = backlogOf(given.backlog) ?? second;
  const signal = given.signal instanceof AbortSignal ? given.signal : null;
  if (given.signal !== undefined && signal === null) return null;
  // Also a server or a socket itself, whose handle is no property that is copied.
  if (hasHandle(options)) return { call: { kind: 'handle' }, callback, signal, backlog };
  if ('port' in given || typeof given.path !== 'string') {
    const port = 'port' in given ? portOf(given.port) : null;
    if (port === null) return null;
    const host = hostOf(given.host);
    // With reusePort each process has a queue of its own, too.
    const exclusive = given.exclusive === true || given.reusePort === true;
    const only = given.ipv6Only === true ? { ipv6Only: true as const } : {};
    return { call: { kind: 'port', port, host, exclusive, ...only }, callback, signal, backlog };
  }
  return { call: { kind: 'path', path: given.path }, callback, signal, backlog };
}

/** An empty one is none. */
function hostOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function backlogOf(value: unknown): number | null {
  return typeof value === 'number' && value > 0 ? value : null;
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

/** Whether each process has a socket of its own there. */
export function isPrivate(call: ListenCall): boolean {
  return call.kind === 'port' && (call.port === 0 || call.exclusive);
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
