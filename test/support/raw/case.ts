/** A request as bytes, and what every server of ours must make of it. */
export interface RawCase {
  readonly name: string;
  /** As latin1 text. What is behind them on the connection is added by the suite. */
  readonly bytes: string;
  /** The status of its answer, 2 standing for any of success. Where there are several, any of them. */
  readonly status: number | readonly number[];
  /** Whether what comes behind it on the connection is answered, where answers do not end connections anyway. */
  readonly behind: boolean;
  /** How many bytes of a body the application must have got, where it must have got the request. */
  readonly body?: number;
}

/** A case that is answered, as is what comes behind it. */
export function taken(name: string, bytes: string, more: Partial<RawCase> = {}): RawCase {
  return { name, bytes, status: 2, behind: true, ...more };
}

/** A case that is answered and ends its connection. */
export function last(name: string, bytes: string, more: Partial<RawCase> = {}): RawCase {
  return taken(name, bytes, { behind: false, ...more });
}

/** A case that is refused; nothing behind it may be run or answered. */
export function refused(name: string, bytes: string, status: RawCase['status'] = 400): RawCase {
  return { name, bytes, status, behind: false };
}

/** A request with these lines behind its request line, and a body. */
export function request(line: string, lines: readonly string[] = ['Host: x'], body = ''): string {
  return [line, ...lines, '', body].join('\r\n');
}

/** A request with a body in chunks, of which `chunks` is all. */
export function chunked(chunks: string, lines: readonly string[] = []): string {
  return request('POST / HTTP/1.1', ['Host: x', 'Transfer-Encoding: chunked', ...lines], chunks);
}
