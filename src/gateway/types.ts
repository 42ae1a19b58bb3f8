/** A piece of a body: text, sent as UTF-8, or bytes. */
export type Chunk = string | Uint8Array;

/** A header's name and value, in the order in which they are sent; a name may come twice (Set-Cookie). */
export type Header = readonly [name: string, value: string];

/** What an application returns. `close()`, where there is one, is called once when the answer has ended, however it ended. */
export type Body = (Iterable<Chunk> | AsyncIterable<Chunk>) & { readonly close?: () => unknown };

/**
 * Begins the answer: a status such as `200 OK` and its headers, which are sent with the first chunk that is not empty.
 * A second call must bring the error that it answers; where the headers have been sent, it throws that error.
 */
export type StartResponse = (status: string, headers: readonly Header[], error?: unknown) => void;

/** An application of the gateway interface, or anything that looks like one from outside: middleware. */
export type GatewayApplication = (environ: Environ, startResponse: StartResponse) => Body | PromiseLike<Body>;

export interface ReadOptions {
  /** The most bytes that are taken; 1 MiB where it is not given. */
  readonly limit?: number;
}

/**
 * The body of the request. It is read once, as a stream by `for await` or whole; what was read whole is kept, so that
 * middleware and application can both have it. A body over the limit rejects, and is answered with 413 if nobody
 * catches it; one that is not JSON, with 400.
 */
export interface Input extends AsyncIterable<Uint8Array> {
  /** Aborts when the client has gone; it is made when it is first asked for. */
  readonly signal: AbortSignal;
  bytes(options?: ReadOptions): Promise<Uint8Array>;
  text(options?: ReadOptions): Promise<string>;
  json(options?: ReadOptions): Promise<unknown>;
}

/** Takes text for the server's log; each line is one message of level `error`. */
export interface ErrorOutput {
  write(text: string): void;
  /** Logs a last line that has no newline yet. */
  flush(): void;
}

/** The request, named as in CGI (RFC 3875) and PEP 3333. Middleware may change it, or hand on a copy. */
export interface Environ {
  REQUEST_METHOD: string;
  /** Where the application is mounted (`--root-path`), `''` or `/…`. */
  SCRIPT_NAME: string;
  /** The rest of the path, decoded; `''` or `/…`, or `*` of `OPTIONS *`. */
  PATH_INFO: string;
  /** What follows the question mark, as it was sent. */
  QUERY_STRING: string;
  CONTENT_TYPE?: string;
  /** Absent where the client sends in chunks. */
  CONTENT_LENGTH?: string;
  SERVER_NAME: string;
  SERVER_PORT: string;
  /** Such as `HTTP/1.1`. */
  SERVER_PROTOCOL: string;
  SERVER_SOFTWARE: string;
  /** The client's address, `''` where it is not known, as on a Unix socket. */
  REMOTE_ADDR: string;
  REMOTE_PORT: string;
  /** The request target as it was sent. */
  RAW_URI: string;
  /** Over TLS, as are the next ones: such as `TLSv1.3`. */
  SSL_PROTOCOL?: string;
  SSL_CIPHER?: string;
  /** The name that the client has asked for. */
  SSL_TLS_SNI?: string;
  /** `SUCCESS`, or `NONE` where the client has shown no certificate. */
  SSL_CLIENT_VERIFY?: string;
  /** The names of the client and of who has signed its certificate (RFC 4514); the number, the times and the PEM of that. */
  SSL_CLIENT_S_DN?: string;
  SSL_CLIENT_I_DN?: string;
  SSL_CLIENT_M_SERIAL?: string;
  SSL_CLIENT_V_START?: string;
  SSL_CLIENT_V_END?: string;
  SSL_CLIENT_CERT?: string;
  'wsgi.version': readonly [1, 0];
  'wsgi.url_scheme': 'http' | 'https';
  'wsgi.input': Input;
  /** The body ends by itself: it can be read to its end without CONTENT_LENGTH. */
  'wsgi.input_terminated': true;
  'wsgi.errors': ErrorOutput;
  /** Another call may begin in this process before this one has ended. */
  'wsgi.multithread': boolean;
  /** Other processes run the application too. */
  'wsgi.multiprocess': boolean;
  'wsgi.run_once': boolean;
  [header: `HTTP_${string}`]: string;
  [key: string]: unknown;
}
