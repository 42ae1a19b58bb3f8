import http from 'node:http';
import net from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import WebSocket from 'ws';
import { addressOf } from '../../test/support/load.ts';

/** How a session of a client ended: with its answer, refused, told in order to connect anew, or with an error's name. */
export type Outcome = string;

/** One session after another, as one client has them; `agent` keeps its connection. */
type Session = (url: string, agent: http.Agent) => Promise<Outcome>;

interface ClientKind {
  /** How long a client waits between its sessions, in milliseconds. */
  readonly pauseMs: number;
  /** Whether it keeps its connection. */
  readonly keeps: boolean;
  readonly session: Session;
}

const GIVE_UP_MS = 5000;
const UPLOAD = { chunks: 8, bytes: 32_768, everyMs: 25 };

function codeOf(error: unknown): Outcome {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  return code === 'ECONNREFUSED' ? 'refused' : code;
}

/** Sends one request, its body by `send`; the answer must be 200 and whole, else it is what `ifShort` says. */
function ask(
  url: string,
  options: http.RequestOptions,
  isWhole: (body: string) => boolean = () => true,
  send: (request: http.ClientRequest) => void = (request) => request.end(),
  ifShort: Outcome = 'cut short',
): Promise<Outcome> {
  return new Promise((resolve) => {
    const request = http.request({ ...addressOf(url), timeout: GIVE_UP_MS, ...options }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text) => (body += text));
      response.once('error', (error) => resolve(codeOf(error)));
      response.once('end', () => {
        if (response.statusCode !== 200) resolve(`${response.statusCode}`);
        else resolve(isWhole(body) ? 'answered' : ifShort);
      });
    });
    request.once('timeout', () =>
      request.destroy(Object.assign(new Error('late'), { code: 'no answer in 5 s' })),
    );
    request.once('error', (error) => resolve(codeOf(error)));
    send(request);
  });
}

/** 256 KB in a fifth of a second. */
async function upload(request: http.ClientRequest): Promise<void> {
  for (let sent = 0; sent < UPLOAD.chunks && !request.destroyed; sent += 1) {
    request.write(Buffer.alloc(UPLOAD.bytes));
    await pause(UPLOAD.everyMs);
  }
  request.end();
}

/** Four requests at once. What is unanswered after `Connection: close` may be sent again (RFC 9112, 9.3.2). */
function pipelined(url: string): Promise<Outcome> {
  return new Promise((resolve) => {
    const socket = net.connect(addressOf(url));
    let said = '';
    const answers = () => said.match(/Hello, world\n/g)?.length ?? 0;
    const finish = (outcome: Outcome) => {
      socket.destroy();
      resolve(outcome);
    };
    socket.setTimeout(GIVE_UP_MS, () => finish('no answer in 5 s'));
    socket.setEncoding('utf8').on('data', (text) => {
      said += text;
      if (answers() === 4) finish('answered');
    });
    socket.once('end', () => finish(/^connection: close/im.test(said) ? 'told' : 'cut short'));
    socket.once('error', (error) => finish(codeOf(error)));
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(4));
  });
}

/** Six messages in a third of a second, each echoed; 1001 and 1012 tell a client to connect anew (RFC 6455, 7.4.1). */
function webSocket(url: string): Promise<Outcome> {
  return new Promise((resolve) => {
    const socket = new WebSocket(url.replace(/^http/, 'ws'), { handshakeTimeout: GIVE_UP_MS });
    let echoed = 0;
    socket.on('open', () => socket.send('0'));
    socket.on('message', () => {
      echoed += 1;
      if (echoed === 6) socket.close(1000);
      else setTimeout(() => socket.readyState === WebSocket.OPEN && socket.send(`${echoed}`), 50);
    });
    const late = setTimeout(() => socket.terminate(), GIVE_UP_MS);
    socket.on('error', (error) => resolve(codeOf(error)));
    socket.on('close', (code) => {
      clearTimeout(late);
      if (echoed === 6) resolve('answered');
      else resolve(code === 1001 || code === 1012 ? 'told' : `closed with ${code}`);
    });
  });
}

/** A stream that ends in order before its last event has an EventSource connect anew by itself. */
const isWholeStream = (body: string): boolean => body.endsWith('data: whole\n\n');

/** Every kind of client that is counted. */
export const clientKinds = {
  'keep-alive': { keeps: true, pauseMs: 10, session: (url, agent) => ask(url, { agent }) },
  'new connection': { keeps: false, pauseMs: 10, session: (url) => ask(url, { agent: false }) },
  'POST after idle': {
    keeps: true,
    pauseMs: 400,
    session: (url, agent) =>
      ask(
        url,
        { agent, method: 'POST', headers: { 'content-length': 4 } },
        (body) => body === '4\n',
        (request) => request.end('body'),
      ),
  },
  upload: {
    keeps: true,
    pauseMs: 10,
    session: (url, agent) =>
      ask(
        url,
        { agent, method: 'POST', headers: { 'content-length': UPLOAD.chunks * UPLOAD.bytes } },
        (body) => body === `${UPLOAD.chunks * UPLOAD.bytes}\n`,
        upload,
      ),
  },
  pipelined: { keeps: false, pauseMs: 20, session: pipelined },
  SSE: {
    keeps: false,
    pauseMs: 10,
    session: (url) => ask(url, { agent: false, path: '/sse' }, isWholeStream, undefined, 'told'),
  },
  WebSocket: { keeps: false, pauseMs: 10, session: webSocket },
} as const satisfies Readonly<Record<string, ClientKind>>;

export type ClientName = keyof typeof clientKinds;

/** The names of all kinds. */
export const allClients = Object.keys(clientKinds) as readonly ClientName[];

/** What the clients of one kind met. */
export interface Met {
  readonly answered: number;
  readonly refused: number;
  readonly told: number;
  /** One name of an error a failed session. */
  readonly failures: readonly string[];
  /** The longest time in which no session was answered, in milliseconds. */
  readonly withoutServiceMs: number;
}

/** Clients of one kind that go on until they are stopped. */
export class Clients {
  readonly #stop = new AbortController();
  readonly #counts = { answered: 0, refused: 0, told: 0 };
  readonly #failures: string[] = [];
  readonly #loops: readonly Promise<void>[];
  #lastAt = performance.now();
  #longestMs = 0;

  constructor(url: string, name: ClientName, count: number) {
    this.#loops = Array.from({ length: count }, (_, index) =>
      this.#client(url, clientKinds[name], index / count),
    );
  }

  get answered(): number {
    return this.#counts.answered;
  }

  /** Lets each finish its session. */
  async stop(): Promise<Met> {
    this.#stop.abort();
    this.#see();
    await Promise.all(this.#loops);
    return { ...this.#counts, failures: this.#failures, withoutServiceMs: this.#longestMs };
  }

  async #client(url: string, { pauseMs, keeps, session }: ClientKind, phase: number): Promise<void> {
    const agent = new http.Agent({ keepAlive: keeps, maxSockets: 1 });
    const { signal } = this.#stop;
    await pause(pauseMs * phase);
    while (!signal.aborted) {
      const outcome = await session(url, agent);
      if (outcome === 'answered') {
        this.#counts.answered += 1;
        this.#see();
      } else if (outcome === 'refused') this.#counts.refused += 1;
      else if (outcome === 'told') this.#counts.told += 1;
      else this.#failures.push(outcome);
      await pause(pauseMs, undefined, { signal }).catch(() => {});
    }
    agent.destroy();
  }

  #see(): void {
    const now = performance.now();
    this.#longestMs = Math.max(this.#longestMs, now - this.#lastAt);
    this.#lastAt = now;
  }
}
