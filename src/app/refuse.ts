import type { ServerResponse } from 'node:http';

/**
 * Answers an invalid request in place of the application and closes its connection: what the client has sent after it is
 * neither run nor answered.
 */
export function refuse(response: ServerResponse, status: number, text: string): void {
  for (const name of response.getHeaderNames()) response.removeHeader(name);
  response.statusCode = status;
  response.setHeader('Connection', 'close');
  response.setHeader('Content-Type', 'text/plain; charset=utf-8');
  response.end(`${text}\n`);
}
