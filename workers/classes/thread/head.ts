import type { ServerResponse } from 'node:http';
import type { Head } from './messages.ts';

/** What the types of a response leave out; `_header` is the text of the head, `_last` whether Node closes behind it. */
export type Headed = ServerResponse & {
  readonly _header: string | null;
  readonly _last: boolean;
  readonly _removedConnection: boolean;
  readonly _removedTE: boolean;
  readonly _removedContLen: boolean;
  readonly useChunkedEncodingByDefault: boolean;
};

/** What Node itself puts behind the headers of the application and the date, in this order. */
const OWN =
  /(?:Connection: (?:close|keep-alive)\r\n)?(?:Keep-Alive: .*\r\n)?(?:Content-Length: (\d+)\r\n|Transfer-Encoding: chunked\r\n)?\r\n$/;

/** It is shorter than this, and a search from the front of a long head would take its time. */
const OWN_LENGTH = 160;

/** The head that Node has written, for another response to write again, which manages the connection itself. */
export function headOf(response: ServerResponse): Head {
  const headed = response as Headed;
  const text = headed._header ?? '';
  const [own = '', length] = OWN.exec(text.slice(-OWN_LENGTH)) ?? [];
  // What the application has said of the connection has to stay.
  const isTheirs = response.hasHeader('connection');
  const to = isTheirs ? text.length : text.length - own.length;
  return {
    status: response.statusCode,
    message: response.statusMessage,
    headers: linesOf(text, text.indexOf('\r\n') + 2, to),
    length: isTheirs || length === undefined ? null : Number(length),
    closes: headed._last && !isTheirs,
    without: withoutOf(headed),
  };
}

function linesOf(text: string, from: number, to: number): readonly string[] {
  const lines: string[] = [];
  for (let at = from; at < to; ) {
    const end = text.indexOf('\r\n', at);
    const colon = text.indexOf(': ', at);
    // The empty line.
    if (end === at) break;
    lines.push(text.slice(at, colon), text.slice(colon + 2, end));
    at = end + 2;
  }
  return lines;
}

const NOTHING: readonly string[] = [];

function withoutOf(headed: Headed): readonly string[] {
  const { _removedConnection, _removedContLen } = headed;
  const isUnchunked = headed._removedTE || !headed.useChunkedEncodingByDefault;
  if (!_removedConnection && !isUnchunked && !_removedContLen) return NOTHING;
  return [
    ...(_removedConnection ? ['connection'] : []),
    ...(isUnchunked ? ['transfer-encoding'] : []),
    ...(_removedContLen ? ['content-length'] : []),
  ];
}
