import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';

/** What the types of a response leave out; `_header` is the text of its head, which Node writes before the rest. */
export type Answer = ServerResponse & {
  readonly _header: string | null;
  readonly _headerSent: boolean;
  readonly _trailer: string;
  readonly outputData: object[];
  _flush(): void;
};

/** RFC 9113, 8.2.2: what is of one connection of HTTP/1 has no meaning here and makes an answer malformed. */
const OF_CONNECTION: ReadonlySet<string> = new Set([
  ...['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade', 'http2-settings', 'te'],
]);

/** The fields of an answer's head, names and values in turn, of the text that Node has made of them. */
export function listOf(response: Answer): string[] {
  const list = [':status', String(response.statusCode)];
  const text = response._header ?? '';
  addLines(list, text, text.indexOf('\r\n') + 2);
  return list;
}

/** The fields of an answer before the answer; null for any other text. */
export function interimFrom(text: string): OutgoingHttpHeaders | null {
  const status = /^HTTP\/1\.1 (1\d\d) /.exec(text)?.[1];
  if (status === undefined) return null;
  const list: string[] = [];
  addLines(list, text, text.indexOf('\r\n') + 2);
  return { ...headersOf(list), ':status': Number(status) };
}

/** The trailers of the text that Node has made of them. */
export function trailersOf(text: string): OutgoingHttpHeaders {
  const list: string[] = [];
  addLines(list, text, 0);
  return headersOf(list);
}

function addLines(list: string[], text: string, from: number): void {
  for (let at = from; at < text.length; ) {
    const end = text.indexOf('\r\n', at);
    // The empty line.
    if (end <= at) return;
    const colon = text.indexOf(':', at);
    const name = text.slice(at, colon).toLowerCase();
    // RFC 9113, 8.2.1: no space around a value.
    if (!OF_CONNECTION.has(name)) list.push(name, text.slice(colon + 1, end).trim());
    at = end + 2;
  }
}

function headersOf(list: readonly string[]): OutgoingHttpHeaders {
  const headers: Record<string, string[]> = {};
  for (let at = 0; at + 1 < list.length; at += 2) {
    const name = list[at] ?? '';
    headers[name] ??= [];
    headers[name].push(list[at + 1] ?? '');
  }
  return Object.fromEntries(
    Object.entries(headers).map(([name, values]) => [name, values.length === 1 ? values[0] : values]),
  );
}
