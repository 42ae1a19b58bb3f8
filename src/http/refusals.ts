import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { AccessLog } from '../log/access-log.ts';
import { codeOf, messageOf } from '../support/errors.ts';
import { clientOf, clientOn } from '../support/origin.ts';
import { answerError } from './answer-error.ts';
import { type Arrivals, judgeArrival } from './arrival.ts';
import type { Fault } from './edge/fault.ts';
import { isRefused, lingerOn, markRefused } from './edge/refused.ts';
import { endBehind } from './in-turn.ts';

/** The code with which Node reports a head or a request that took too long to arrive. */
const TOO_SLOW = 'ERR_HTTP_REQUEST_TIMEOUT';
/** The code for what comes behind the last request of a connection, which is answered all the same. */
const BEHIND_LAST = 'HPE_CLOSED_CONNECTION';

const LINE_FEED = 0x0a;

/** The codes of Node's errors, with the status that Node itself would answer. */
const STATUSES: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  [TOO_SLOW]: 408,
};

const CURES: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '; NODE_OPTIONS=--max-http-header-size=65536 allows larger ones',
};

/** What the access log gets of requests that are refused. */
type RefusalLog = Pick<AccessLog, 'answeredPast' | 'observeRefusal' | 'observe'>;

/** Logs a request that is refused: a message and its fields, which have nothing in them that the client has sent. */
export type SayRefused = (
  line: string,
  fields: { readonly reason: string; readonly error: string; readonly client: string | null },
) => void;

export interface RefusalsOptions extends Arrivals {
  readonly say: SayRefused;
  readonly accessLog: RefusalLog | null;
}

/** Answers what is refused in place of the application, logs it, and ends its connection. */
export class Refusals {
  readonly #options: RefusalsOptions;

  constructor(options: RefusalsOptions) {
    this.#options = options;
  }

  /** A request of which the application has seen nothing. Requests before it on its connection are answered first. */
  refuse(request: IncomingMessage, response: ServerResponse, fault: Fault, nowMs: number): void {
    const { connections, accessLog, clock } = this.#options;
    const { socket } = request;
    markRefused(socket);
    connections.note(request, response, nowMs);
    accessLog?.observe(request, response, nowMs);
    this.#say(clientOf(request), fault, `with ${statusText(fault.status)}`);
    // Before Node's own listener, which calls destroySoon() after the last answer of a connection.
    response.prependOnceListener('finish', () => {
      socket.destroySoon = () => {
        Reflect.deleteProperty(socket, 'destroySoon');
        lingerOn(socket, clock);
      };
    });
    response.setHeader('Connection', 'close');
    answerError(response, fault.status, {}, textOf(fault));
  }

  /** A request of HTTP/2: its stream ends, and those beside it go on. */
  refuseStream(request: IncomingMessage, response: ServerResponse, fault: Fault, nowMs: number): void {
    this.#options.accessLog?.observe(request, response, nowMs);
    this.#say(clientOf(request), fault, `with ${statusText(fault.status)}`);
    answerError(response, fault.status, {}, textOf(fault));
  }

  /** A request of HTTP/2 with whose body something is wrong, which the application may already be at. */
  refuseStreamBody(request: IncomingMessage, response: ServerResponse, fault: Fault): void {
    const { socket } = request;
    if (isRefused(socket)) return;
    markRefused(socket);
    withholdRest(request);
    const how = response.headersSent ? 'by ending its stream' : `with ${statusText(fault.status)}`;
    this.#say(clientOf(request), fault, how);
    // Its client is to send no more.
    response.once('finish', () => void socket.destroy());
    answerError(response, fault.status, {}, textOf(fault));
  }

  /** A request for another protocol, or a tunnel, which the caller answers. */
  note(request: IncomingMessage, fault: Fault): void {
    this.#say(clientOf(request), fault, `with ${statusText(fault.status)}`);
  }

  /** A request with whose body something is wrong, which the application may already be at. It gets no more of it. */
  refuseBody(request: IncomingMessage, fault: Fault): void {
    if (isRefused(request.socket)) return;
    withholdRest(request);
    const latest = this.#options.connections.latestOn(request.socket);
    const culprit = latest?.req === request ? latest : null;
    // What the parser has read already must not run.
    if (culprit !== null) endBehind(culprit);
    this.#refusePast(request.socket, { fault, culprit, error: null });
  }

  /** A client that does not take its answer. */
  cut(socket: Socket, fault: Fault, what = 'connection'): void {
    this.#say(this.#clientOn(socket), fault, `by cutting its ${what}`);
    socket.destroy();
  }

  /** A connection of HTTP/2 whose client has broken the protocol, which Node has told it by GOAWAY. */
  noteSession(socket: Socket, error: Error): void {
    this.#say(clientOn(socket), faultOf(error), 'by ending its session');
  }

  /** What Node could not parse, or waited for in vain. */
  refuseError(error: Error, socket: Socket): void {
    if (isRefused(socket)) return this.#noticeEnd(socket);
    if (!this.#isRefusal(error, socket)) return this.#end(error, socket);
    const culprit = this.#unfinishedOn(socket);
    if (culprit !== null) withholdRest(culprit.req);
    // The answer before it ends the connection.
    if (codeOf(error) === BEHIND_LAST && this.#latestWhole(socket, culprit) !== null)
      return markRefused(socket);
    const fault = faultOf(error);
    this.#refusePast(socket, {
      fault: { ...fault, text: fault.text + (CURES[fault.code] ?? '') },
      culprit,
      error,
    });
  }

  /**
   * The end of what a client sends is an error too where the parser has found one before. Node then does not do what it does
   * at other ends: the client counts as one that has left, and requests that wait for their answers as aborted.
   */
  #noticeEnd(socket: Socket): void {
    const { httpAllowHalfOpen } = this.#options.server as Server & { readonly httpAllowHalfOpen?: boolean };
    if (socket.readableEnded && httpAllowHalfOpen !== true) socket.end();
  }

  /** One that has sent nothing has asked for nothing; it may have waited for too long. */
  #end(error: Error, socket: Socket): void {
    const answer = answerOn(socket);
    if (socket.writable && answer?.headersSent !== true)
      socket.write(`HTTP/1.1 ${statusText(faultOf(error).status)}\r\nConnection: close\r\n\r\n`);
    socket.destroy(error);
  }

  /** Calls `hand`, which has listeners of the application's own answer the error. */
  handError(error: Error, socket: Socket, hand: () => void): void {
    if (isRefused(socket)) return this.#noticeEnd(socket);
    if (!this.#isRefusal(error, socket)) return hand();
    this.#afterEarlier(socket, this.#unfinishedOn(socket), () => {
      if (answerOn(socket) === null) this.#options.accessLog?.observeRefusal(socket);
      this.#say(this.#clientOn(socket), faultOf(error), "by the application's own clientError listener");
      hand();
    });
  }

  /** Whether a request was refused. A client that has sent nothing has asked for nothing, and a reset is no request. */
  #isRefusal(error: Error, socket: Socket): boolean {
    return !this.#options.connections.isSilent(socket) && /^HPE_|^ERR_HTTP_/.test(codeOf(error) ?? '');
  }

  /** Answers past the response, which may be the application's. */
  #refusePast(socket: Socket, { fault, culprit, error }: Past): void {
    const { accessLog, clock } = this.#options;
    const client = culprit === null ? this.#clientOn(socket) : clientOf(culprit.req);
    const answer = () => {
      const current = answerOn(socket);
      accessLog?.answeredPast(fault.status, current, socket);
      this.#say(client, fault, `with ${statusText(fault.status)}`);
      socket.write(`HTTP/1.1 ${statusText(fault.status)}\r\nConnection: close\r\n\r\n`);
      lingerOn(socket, clock, error);
    };
    this.#afterEarlier(socket, culprit, () => {
      if (culprit?.headersSent !== true && socket.writable) return answer();
      // Node's errors are mostly about clients that have left.
      if (error === null) this.#say(client, fault, 'behind its answer, by closing the connection');
      if (culprit?.writableFinished) return lingerOn(socket, clock, error);
      if (culprit?.writableEnded) return void culprit.once('finish', () => lingerOn(socket, clock, error));
      socket.destroy(error ?? undefined);
    });
  }

  /** Calls `act` when the requests before the refused one are answered; never if their connection ends with that. */
  #afterEarlier(socket: Socket, culprit: ServerResponse | null, act: () => void): void {
    markRefused(socket);
    const earlier = this.#latestWhole(socket, culprit);
    if (earlier === null) return act();
    earlier.once('finish', () => {
      if (socket.writable) act();
    });
  }

  /** The answer to the latest request, if not all of that has arrived. */
  #unfinishedOn(socket: Socket): ServerResponse | null {
    const latest = this.#options.connections.latestOn(socket);
    return latest === null || latest.req.complete ? null : latest;
  }

  /** The last answer that is in progress to a request that has arrived whole. */
  #latestWhole(socket: Socket, culprit: ServerResponse | null): ServerResponse | null {
    const flights = this.#options.connections.requestsOn(socket);
    return (
      flights.findLast(({ response }) => response !== culprit && response.req.complete)?.response ?? null
    );
  }

  /** Whoever has sent the latest request of a connection has probably sent what comes behind it. */
  #clientOn(socket: Socket): string {
    const latest = this.#options.connections.latestRequestOn(socket);
    return latest === null ? clientOn(socket) : clientOf(latest);
  }

  #say(client: string, { code, text }: Fault, how: string): void {
    this.#options.say(`Refused a request of ${client || 'an unknown client'} ${how}: ${text}`, {
      reason: text,
      error: code,
      client: client || null,
    });
  }
}

const swallow = () => true;

/**
 * Gives the application no more of a body, nor its end: a request that was refused must not look whole to it, as its client
 * will send it again.
 */
function withholdRest(request: IncomingMessage): void {
  request.push = swallow;
}

/** A refusal that cannot be an answer of the usual kind. */
interface Past {
  readonly fault: Fault;
  /** The answer to the request that is refused; null where that has none. */
  readonly culprit: ServerResponse | null;
  readonly error: Error | null;
}

/** Has Node's errors about clients handled by these. */
export function refuseErrors(arrivals: Arrivals, refusals: Refusals): void {
  arrivals.server.on('clientError', (error, duplex) => {
    // The engine is fed with sockets of node:net alone.
    const socket = duplex as Socket;
    onceJudged(arrivals, error, socket, () => refusals.refuseError(error, socket));
  });
}

/** The same for errors that listeners of the application's own answer, which `hand` calls. */
export function handErrors(arrivals: Arrivals, refusals: Refusals) {
  return (error: Error, socket: Socket, hand: () => void): void =>
    onceJudged(arrivals, error, socket, () => refusals.handError(error, socket, hand));
}

function onceJudged(arrivals: Arrivals, error: Error, socket: Socket, refuse: () => void): void {
  if (codeOf(error) === TOO_SLOW) judgeArrival(arrivals, socket, refuse);
  else refuse();
}

function faultOf(error: Error): Fault {
  const code = codeOf(error) ?? '';
  const status = isLine(error) ? 414 : (STATUSES[code] ?? 400);
  return { status, code, text: `${messageOf(error)} (${code})` };
}

/** Whether it was the request line that was too long for Node, which does not say what was. */
function isLine(error: Error): boolean {
  const packet: unknown = codeOf(error) === 'HPE_HEADER_OVERFLOW' && Reflect.get(error, 'rawPacket');
  if (!(packet instanceof Uint8Array)) return false;
  const end = packet.indexOf(LINE_FEED);
  if (end >= 0 && end < process.getBuiltinModule('node:http').maxHeaderSize) return false;
  return /^[A-Z-]+ /.test(Buffer.from(packet.subarray(0, 32)).toString('latin1'));
}

/** Such as `400 Bad Request`. */
export function statusText(status: number): string {
  return `${status} ${process.getBuiltinModule('node:http').STATUS_CODES[status]}`;
}

function textOf({ status, text }: Fault): string {
  return `${process.getBuiltinModule('node:http').STATUS_CODES[status]}: ${text}`;
}

/** The answer that is being written to the socket; nothing may be written into it once it has begun. */
function answerOn(socket: Socket): ServerResponse | null {
  // A private property of Node: with pipelining no public one tells which answer it is.
  return Reflect.get(socket, '_httpMessage') ?? null;
}
