import type { ServerResponse } from 'node:http';

/**
 * Answers a request that is wrong, in the application's place, and closes its connection: what a client that is mistaken,
 * or means harm, has sent behind it is neither run nor answered.
 */
export function refuse(response: ServerResponse, status: number, text: string): void {
  for (const name of response.getHeaderNames()) response.removeHeader(name);
  response.statusCode = status;
  response.setHeader('Connection', 'close');
  response.setHeader('Content-Type', 'text/plain; charset=utf-8');
  response.end(`${text}\n`);
}
