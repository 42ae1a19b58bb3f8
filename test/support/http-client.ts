import http, { type IncomingHttpHeaders } from 'node:http';
import { deadlineMs } from './patience.ts';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** An answer whose body is left as it came. */
export interface RawAnswer extends Omit<Answer, 'body'> {
  readonly reason: string;
  /** Names and values in turn, as they came. */
  readonly rawHeaders: readonly string[];
  readonly bytes: Buffer;
}

export interface Question {
  /** `http://host:port`, or `unix:/path`. */
  readonly url: string;
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** A list of parts is sent in chunks, unless there is a Content-Length. */
  readonly body?: string | Uint8Array | readonly Uint8Array[];
}

/** One request over a connection of its own; rejects where there is no whole answer, or nothing is heard for too long. */
export async function ask(question: Question): Promise<Answer> {
  const { status, headers, bytes } = await askBytes(question);
  return { status, headers, body: bytes.toString('utf8') };
}

/** As `ask`, for bodies that are not text. */
export function askBytes({
  url,
  path = '/',
  method = 'GET',
  headers = {},
  body,
}: Question): Promise<RawAnswer> {
  const target = url.startsWith('unix:')
    ? { socketPath: url.slice('unix:'.length) }
    : { host: new URL(url).hostname, port: new URL(url).port };
  return new Promise((resolve, reject) => {
    const timeout = deadlineMs();
    const options = { ...target, path, method, headers, agent: false, timeout };
    const request = http.request(options, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          reason: response.statusMessage ?? '',
          headers: response.headers,
          rawHeaders: response.rawHeaders,
          bytes: Buffer.concat(parts),
        }),
      );
      response.on('error', reject);
    });
    request.on('error', reject);
    request.on('timeout', () =>
      request.destroy(new Error(`${method} ${path}: nothing was heard for ${timeout / 1000} s`)),
    );
    if (!Array.isArray(body)) return void request.end(body);
    for (const part of body.slice(0, -1)) request.write(part);
    // With the last part: an empty write behind it fails on a Unix socket (EPIPE) where the server, which has all that was
    // announced, has answered and closed by then.
    request.end(body.at(-1));
  });
}
