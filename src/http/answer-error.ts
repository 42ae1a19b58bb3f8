import type { ServerResponse } from 'node:http';

/** Sends a plain answer. If one has begun already, cuts the connection, so that the client sees that it is incomplete. */
export function answerError(
  response: ServerResponse,
  status = 500,
  headers: Readonly<Record<string, string>> = {},
  text = process.getBuiltinModule('node:http').STATUS_CODES[status],
): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  for (const name of response.getHeaderNames()) if (name !== 'connection') response.removeHeader(name);
  response.statusCode = status;
  response.setHeader('content-type', 'text/plain; charset=utf-8');
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  response.end(`${text}\n`);
}
