import type { ServerResponse } from 'node:http';
import { isBodiless } from './access-entry.ts';
import { bodyCountOf } from './count-body.ts';

/** How many bytes of its body the client of a response got; undefined where the access log has not counted them, or no answer began. */
export function sentBytesOf(method: string, response: ServerResponse): number | undefined {
  const body = bodyCountOf(response);
  if (body === undefined || !response.headersSent) return undefined;
  return isBodiless(method, response.statusCode) ? 0 : body.bytes;
}
