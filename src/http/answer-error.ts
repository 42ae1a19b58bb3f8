import type { ServerResponse } from 'node:http';

/** The property of a response that names the headers which an error leaves as they are. */
const LASTING = Symbol('tsunicorn.lastingHeader');

type Answer = ServerResponse & { [LASTING]?: readonly string[] };

/** Sets a header that also stays where the answer becomes that of an error. */
export function setLasting(response: Answer, name: string, value: string): void {
  response.setHeader(name, value);
  response[LASTING] = [...(response[LASTING] ?? []), name.toLowerCase()];
}

/** Sends a plain answer. If one has begun already, cuts the connection, so that the client sees that it is incomplete. */
export function answerError(
  response: Answer,
  status = 500,
  headers: Readonly<Record<string, string>> = {},
  text = process.getBuiltinModule('node:http').STATUS_CODES[status],
): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const lasting = response[LASTING] ?? [];
  for (const name of response.getHeaderNames())
    if (name !== 'connection' && !lasting.includes(name)) response.removeHeader(name);
  response.statusCode = status;
  response.setHeader('content-type', 'text/plain; charset=utf-8');
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  response.end(`${text}\n`);
}
