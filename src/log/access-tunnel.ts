import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { requestIdOf, traceParentOf } from '../support/request-id.ts';
import { type TlsFacts, tlsFacts } from '../support/tls-facts.ts';
import { type Entry, UNANSWERED } from './access-entry.ts';
import { CloseCode } from './close-code.ts';
import { onAnswer } from './on-answer.ts';

/** The data of a connection whose client asked for another protocol (Upgrade, CONNECT), until it ends. */
export class TunnelEntry implements Entry {
  readonly pid = process.pid;
  readonly method: string;
  readonly url: string;
  readonly protocol: string;
  readonly remote: string;
  readonly startMs = performance.now();
  readonly slot: number;
  readonly queueMs = null;
  endedFor = '';
  readonly #req: IncomingMessage;
  readonly #socket: Socket;
  #status = 0;
  /** What the socket had written when the head of the answer was. */
  #headEnd = 0;
  /** Of a WebSocket, where its close code is wanted. */
  #close: CloseCode | null = null;

  /** `answered` is called with the status, once, when the answer begins. */
  constructor(
    req: IncomingMessage,
    socket: Socket,
    remote: string,
    slot: number,
    wantsCode: boolean,
    answered: (status: number) => void,
  ) {
    this.#req = req;
    this.#socket = socket;
    this.method = req.method ?? '';
    this.url = req.url ?? '';
    this.protocol = `HTTP/${req.httpVersion}`;
    this.remote = remote;
    this.slot = slot;
    onAnswer(socket, (status, head) => {
      this.#status = status;
      this.#headEnd = socket.bytesWritten + head;
      answered(status);
      if (wantsCode && status === 101 && isWebSocket(req)) this.#close = new CloseCode(socket);
    });
  }

  get tls(): TlsFacts {
    return tlsFacts(this.#socket);
  }

  get status(): number {
    return this.#status || (this.endedFor === '' ? UNANSWERED.left : UNANSWERED.cut);
  }

  /** How many bytes followed the head of the answer. */
  get bytes(): number {
    return this.#headEnd === 0 ? 0 : Math.max(0, this.#socket.bytesWritten - this.#headEnd);
  }

  get closeCode(): number | null {
    return this.#close?.code ?? null;
  }

  get elapsedMs(): number {
    return performance.now() - this.startMs;
  }

  /** Such a connection has no complete answer; a reason is given only if the server ended it. */
  get cut(): string {
    return this.endedFor !== '' ? this.endedFor : this.#status === 0 ? 'left' : '';
  }

  get requestId(): string {
    return requestIdOf(this.#req);
  }

  get traceId(): string {
    return traceParentOf(this.#req)?.traceId ?? '';
  }

  requestHeader(name: string): string {
    const value = this.#req.headers[name];
    return Array.isArray(value) ? value.join(', ') : (value ?? '');
  }

  responseHeader(): string {
    return '';
  }
}

function isWebSocket({ headers: { upgrade = '' } }: IncomingMessage): boolean {
  return /^websocket$/i.test(upgrade);
}
