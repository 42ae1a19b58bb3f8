import type { ServerResponse } from 'node:http';
import { describe } from '../../support/describe.ts';
import { type Framing, frame, isAscii, Promised } from '../../support/framing.ts';
import type { Size } from './body-size.ts';
import { drained } from './drained.ts';
import { type Parts, takeLazy } from './lazy-response.ts';

/** What is sent of a Response, of whatever class. */
export function partsOf(response: Response): Parts {
  const parts = takeLazy(response) ?? foreignParts(response);
  if (parts !== null) return parts;
  const { status, statusText, headers, body, bodyUsed } = response;
  if (bodyUsed || body?.locked)
    throw new TypeError(
      'This Response was already sent, or its body was already read; create one for each request, or return response.clone()',
    );
  return { status, statusText, headers: [...headers].flat(), body, size: null };
}

/** As the classes of srvx give themselves. */
interface ForeignParts {
  readonly status: number;
  readonly statusText: string;
  /** Pairs, in older versions. */
  readonly headers: readonly (string | readonly string[])[];
  readonly body?: string | Uint8Array | ReadableStream<unknown> | AsyncIterable<unknown> | null;
}

/** From a framework with an srvx of its own, such as h3, which knows whether the body is complete. */
function foreignParts(response: object): Parts | null {
  if (!('_toNodeResponse' in response) || typeof response._toNodeResponse !== 'function') return null;
  const { status, statusText, headers, body = null }: ForeignParts = response._toNodeResponse();
  const isKnown =
    body === null || typeof body === 'string' || body instanceof Uint8Array || body instanceof ReadableStream;
  return {
    status,
    statusText,
    headers: headers.flat().map(String),
    body: isKnown ? body : ReadableStream.from(body),
    size: null,
  };
}

/** Sends an answer. Throws or rejects if the answer breaks a rule, or with the error of its body's stream. */
export function sendParts(parts: Parts, res: ServerResponse): Promise<void> | undefined {
  const { body } = parts;
  if (body === null || typeof body === 'string' || body instanceof Uint8Array) {
    sendWhole(parts, body, res);
    return undefined;
  }
  return sendStream(parts, body, res);
}

function sendWhole(parts: Parts, body: string | Uint8Array | null, res: ServerResponse): void {
  const size = body === null ? 0 : Buffer.byteLength(body);
  const { hasContent } = sendHead(parts, size, res);
  if (!hasContent || body === null) res.end();
  else res.end(typeof body !== 'string' || isBare(parts) ? body : Buffer.from(body));
}

async function sendStream(parts: Parts, body: ReadableStream<unknown>, res: ServerResponse): Promise<void> {
  const { size } = parts;
  const known = typeof size === 'function' ? await size() : size;
  if (res.destroyed || res.writableEnded) return giveUp(body, size);
  const { hasContent, length } = sendHead(parts, known, res);
  if (hasContent) return pump(body, size, new Promised(length), res);
  res.end();
  giveUp(body, size);
}

/** Cancels a source; errors of that are ignored. */
function giveUp(source: Pick<ReadableStream, 'cancel'>, size: Size): void {
  // The platform's stream of a form, if it is cancelled while it works, rejects where nothing can catch it.
  if (typeof size !== 'function') source.cancel().catch(() => {});
}

/** Whether the content may be sent as text. */
function isBare({ statusText, headers }: Parts): boolean {
  for (let at = 1; at < headers.length; at += 2) if (!isAscii(headers[at] ?? '')) return false;
  return statusText === '' || isAscii(statusText);
}

/** Sets the head of the response; returns how the content follows. */
function sendHead({ status, statusText, headers }: Parts, size: number | null, res: ServerResponse): Framing {
  let given: string | undefined;
  const lines: string[] = [];
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at] ?? '';
    const value = headers[at + 1] ?? '';
    if (name === 'content-length') given = value;
    // Only the server sets it; a Response has no trailers.
    else if (name !== 'transfer-encoding' && name !== 'trailer') lines.push(name, value);
  }
  const framing = frame(res.req.method, status, size, given);
  const { length } = framing;
  if (length !== null) lines.push('content-length', String(length));
  if (statusText === '') res.writeHead(status, lines);
  else res.writeHead(status, statusText, lines);
  return framing;
}

/** Sends a stream as fast as the client takes it; stops when the client has gone. */
async function pump(
  body: ReadableStream<unknown>,
  size: Size,
  promised: Promised,
  res: ServerResponse,
): Promise<void> {
  const reader = body.getReader();
  // It also ends a pending read().
  const cancel = () => giveUp(reader, size);
  res.once('close', cancel);
  try {
    for (;;) {
      const { done, value } = await reader.read();
      // The server itself may have ended it.
      if (res.destroyed || res.writableEnded) return cancel();
      if (done) break;
      const chunk = bytesOf(value);
      promised.count(chunk.byteLength);
      if (!res.write(chunk)) await drained(res);
    }
    promised.end();
    res.end();
  } catch (error) {
    cancel();
    throw error;
  } finally {
    res.off('close', cancel);
  }
}

function bytesOf(chunk: unknown): Uint8Array {
  if (chunk instanceof Uint8Array) return chunk;
  if (typeof chunk === 'string') return Buffer.from(chunk);
  throw new TypeError(`a chunk of the Response's body is ${describe(chunk)}, not a Uint8Array`);
}
