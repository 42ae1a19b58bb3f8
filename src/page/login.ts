import type { IncomingMessage } from 'node:http';
import { hasToken } from '../admin/guard.ts';

const MOST_BYTES = 4096;

/** The token in the body of a login form; `''` where there is none, or the body is longer than such a form. */
export async function tokenIn(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > MOST_BYTES) return '';
    parts.push(part);
  }
  return new URLSearchParams(Buffer.concat(parts).toString()).get('token')?.trim() ?? '';
}

/** Whether that is the token; takes as long for a wrong one. */
export function isToken(given: string, token: string): boolean {
  return hasToken(`Bearer ${given}`, token);
}
