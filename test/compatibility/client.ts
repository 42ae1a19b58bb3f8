import { once } from 'node:events';
import http, { type IncomingMessage } from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import type { Readable } from 'node:stream';
import type { Ask, Protocol } from './fixture.ts';

/** An answer whose head has come. */
export interface Reply {
  readonly status: number;
  readonly body: Readable;
}

/** A client of one connection, which it opens when it must. */
export interface Client {
  /** Rejects with the system error. */
  ask(ask: Ask): Promise<Reply>;
  /** Leaves, also in the middle of an answer. */
  close(): void;
}

/** A client of `origin`, such as `http://127.0.0.1:8000`; `keeps` its connection from one request to the next. */
export function clientOf(protocol: Protocol, origin: string, keeps: boolean): Client {
  return protocol === 'h2' || protocol === 'h2c'
    ? new Http2Client(origin, keeps)
    : new Http1Client(origin, keeps);
}

/** A body as text, while it comes. */
export class Reading {
  /** Rejects where the body does not end as it should. */
  readonly whole: Promise<string>;
  readonly #body: Readable;
  #text = '';

  constructor(body: Readable) {
    this.#body = body;
    body.setEncoding('utf8').on('data', (part: string) => {
      this.#text += part;
    });
    this.whole = new Promise((resolve, reject) => {
      body.once('end', () => resolve(this.#text));
      body.once('error', reject);
      body.once('close', () => reject(new Error('the answer was cut')));
    });
    this.whole.catch(() => {});
  }

  /** Resolves when the text that has come contains `part`. */
  async has(part: string): Promise<void> {
    let isOver = false;
    const over = this.whole.finally(() => {
      isOver = true;
    });
    while (!this.#text.includes(part)) {
      if (isOver) throw new Error(`the answer ended without ${part}`);
      await Promise.race([once(this.#body, 'data'), over]);
    }
  }
}

class Http1Client implements Client {
  readonly #origin: string;
  readonly #agent: http.Agent;
  readonly #module: typeof http | typeof https;

  constructor(origin: string, keeps: boolean) {
    this.#origin = origin;
    this.#module = origin.startsWith('https:') ? https : http;
    const options = { keepAlive: keeps, maxSockets: 1, rejectUnauthorized: false };
    this.#agent = new this.#module.Agent(options);
  }

  ask({ path, method = 'GET', headers = {}, body }: Ask): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const options = { agent: this.#agent, method, headers };
      const sent = this.#module.request(new URL(path, this.#origin), options, (response: IncomingMessage) =>
        resolve({ status: response.statusCode ?? 0, body: response }),
      );
      sent.on('error', reject).end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

class Http2Client implements Client {
  readonly #origin: string;
  readonly #keeps: boolean;
  #session: http2.ClientHttp2Session | null = null;

  constructor(origin: string, keeps: boolean) {
    this.#origin = origin;
    this.#keeps = keeps;
  }

  async ask(ask: Ask): Promise<Reply> {
    try {
      return await this.#ask(ask);
    } catch (error) {
      // Such a stream was not processed, so that it may be sent again (RFC 9113, section 8.7).
      if (!/REFUSED_STREAM|GOAWAY_SESSION/.test(String(error))) throw error;
      this.close();
      return this.#ask(ask);
    }
  }

  #ask({ path, method = 'GET', headers = {}, body }: Ask): Promise<Reply> {
    const session = this.#connected();
    return new Promise((resolve, reject) => {
      const stream = session.request({ ':path': path, ':method': method, ...headers });
      session.once('error', reject);
      stream.on('error', reject);
      stream.once('response', (head) => resolve({ status: Number(head[':status']), body: stream }));
      stream.once('close', () => {
        session.off('error', reject);
        reject(new Error('the stream was closed without an answer'));
        if (!this.#keeps) session.close();
      });
      stream.end(body);
    });
  }

  #connected(): http2.ClientHttp2Session {
    if (this.#keeps && this.#session && !this.#session.closed && !this.#session.destroyed)
      return this.#session;
    const session = http2.connect(this.#origin, { rejectUnauthorized: false });
    session.on('error', () => {});
    this.#session = session;
    return session;
  }

  close(): void {
    this.#session?.destroy();
    this.#session = null;
  }
}
