import http2, { type ClientHttp2Session } from 'node:http2';
import { onTestFinished } from './current-test.ts';

export interface StreamAnswer {
  readonly status: number;
  readonly body: string;
  /** With what code the stream was closed; 0 is no error. */
  readonly code: number;
}

/** A session of HTTP/2, over TLS where the URL says https; ended when the test ends. */
export function connectHttp2(
  url: string,
  options: http2.SecureClientSessionOptions = {},
): ClientHttp2Session {
  const session = http2.connect(url, { rejectUnauthorized: false, ...options });
  // How it ended is seen in its requests.
  session.on('error', () => {});
  onTestFinished(() => session.destroy());
  return session;
}

/** One request of a session; resolves however it ends. */
export function askHttp2(
  session: ClientHttp2Session,
  path: string,
  { method = 'GET', body = null, headers = {} }: AskOptions = {},
): Promise<StreamAnswer> {
  const stream = session.request(
    { ...headers, ':path': path, ':method': method },
    { endStream: body === null },
  );
  if (body !== null) stream.end(body);
  let status = 0;
  let text = '';
  stream.on('response', (answer) => {
    status = answer[':status'] ?? 0;
  });
  stream.setEncoding('utf8').on('data', (part) => {
    text += part;
  });
  stream.on('error', () => {});
  return new Promise((resolve) => {
    stream.on('close', () => resolve({ status, body: text, code: stream.rstCode }));
  });
}

interface AskOptions {
  readonly method?: string;
  /** Null ends the request with its headers. */
  readonly body?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
}
