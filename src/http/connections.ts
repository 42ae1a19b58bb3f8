import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Census } from '../log/records/record.ts';
import { connectionOrigin, tellOrigin } from '../support/origin.ts';
import { inheritTrust, type TrustedPeers } from '../support/trusted-peers.ts';
import {
  ANSWERED,
  begin,
  CONNECTION,
  type Connection,
  createConnection,
  flightsOf,
  hasNoHead,
  isIdle,
  isResting,
  isSilent,
  isUnread,
  longLivedOf,
  type Marked,
  receivedOn,
  stageOf,
  type Tracked,
} from './connection.ts';
import { closeIfSilent } from './deadlines.ts';
import type { LongLived } from './drain/long-lived.ts';
import type { Flight } from './flight.ts';
import { isLast } from './in-turn.ts';
import { Session, type SessionOfNode } from './session.ts';

/** How far a connection has come: how many requests, when the head of the latest came (or the connection), and the bytes read. */
export interface Progress {
  readonly requests: number;
  readonly sinceMs: number;
  /** Whether the latest request has arrived whole. */
  readonly hasArrived: boolean;
  readonly bytesRead: number;
}

/** A connection whose requests are all answered; the latest came at `sinceMs`, which so tells it from others. */
export interface Resting {
  readonly socket: Socket;
  readonly sinceMs: number;
}

/** A connection that speaks HTTP/2: its latest request, or itself before the first, came at `sinceMs`. */
export interface OfHttp2 {
  readonly socket: Socket;
  readonly session: Session;
  readonly sinceMs: number;
}

/**
 * Every connection of a worker, with the latest response on it. A drain needs no more: the last answer on a connection
 * can carry `Connection: close`, but an earlier pipelined one must not, since the rest would go unanswered. It costs one
 * property and one list entry for each connection.
 */
export class Connections {
  // Not a Map of sockets, nor a list that shrinks. Both leave outgrown tables in V8's old space, which keep every socket
  // they ever held alive. Each young collection then copies megabytes of dead sockets, which takes a tenth of the time of
  // a connection. Slots from #size on are null.
  readonly #slots: (Connection | null)[] = [];
  #size = 0;
  readonly #onClosed: (socket: Socket) => void;
  readonly #closed: (this: Tracked) => void;
  readonly #peers: TrustedPeers | null;
  #closing = false;
  #whenEmpty: readonly (() => void)[] = [];

  /** `onClosed` is called after each connection that ends; without `peers` none of them is believed what it says of others. */
  constructor(onClosed: (socket: Socket) => void, peers: TrustedPeers | null = null) {
    this.#peers = peers;
    this.#onClosed = onClosed;
    const forget = (socket: Tracked) => this.#forget(socket);
    // One function for all sockets, so that none needs a closure of its own.
    this.#closed = function () {
      forget(this);
    };
  }

  get size(): number {
    return this.#size;
  }

  /** How many requests are not answered in full; counted on demand. */
  get inFlight(): number {
    let count = 0;
    for (const { latest, session } of this.#all) {
      if (session !== null) count += session.size;
      else if (latest && !latest.writableFinished) count++;
    }
    return count;
  }

  /** The requests in flight; those of one connection in the order in which they came. */
  requests(): readonly Flight[] {
    return this.#all.flatMap(flightsOf);
  }

  /** Connections from which nothing was read and to which nothing was written. */
  unread(): readonly Socket[] {
    return this.#all.filter(isUnread).map(({ socket }) => socket);
  }

  add(socket: Socket): void {
    const tracked: Tracked = socket;
    const connection = createConnection(socket, this.#size);
    tracked[CONNECTION] = connection;
    this.#slots[this.#size] = connection;
    this.#size++;
    this.#peers?.meet(socket);
    socket.on('close', this.#closed);
  }

  /** Marks a connection that was added as one that begins with TLS. */
  expectTls(socket: Tracked): void {
    const connection = socket[CONNECTION];
    if (connection) connection.isHandshaking = true;
  }

  /** Whether a connection begins with TLS whose handshake is not done. */
  beginsWithTls(socket: Tracked): boolean {
    return socket[CONNECTION]?.isHandshaking === true;
  }

  /** Marks bytes read of a connection as such that stood before HTTP, or TLS. */
  skip(socket: Tracked, bytes: number): void {
    const connection = socket[CONNECTION];
    if (connection) connection.preamble += bytes;
  }

  /** Whether a client has sent nothing itself; what a proxy has said of it does not count. */
  isSilent(socket: Tracked): boolean {
    const connection = socket[CONNECTION];
    return connection === undefined ? socket.bytesRead === 0 : isSilent(connection);
  }

  /** From now on HTTP is spoken on `secure`, the TLS socket over `socket`. */
  secured(socket: Tracked, secure: Tracked): void {
    const connection = socket[CONNECTION];
    if (connection === undefined) return;
    connection.socket = secure;
    connection.isHandshaking = false;
    // It counts what it has decrypted.
    connection.preamble = 0;
    secure[CONNECTION] = connection;
    inheritTrust(socket, secure);
    const origin = connectionOrigin(socket);
    // It is the connection to us that is encrypted, whatever came before.
    if (origin !== null) tellOrigin(secure, { ...origin, scheme: 'https' });
  }

  /** From now on HTTP/2 is spoken on the connection under this session. */
  speaksHttp2(session: SessionOfNode & Marked): void {
    // Node's stand-in for the socket has its properties.
    const connection = (session.socket as Tracked)[CONNECTION];
    if (connection === undefined) return;
    connection.session = new Session(session);
    session[CONNECTION] = connection;
  }

  /** The socket under a session; null where that is not known, or has closed. */
  socketOf(session: object): Socket | null {
    return (session as Marked)[CONNECTION]?.socket ?? null;
  }

  /** Records a request of HTTP/2. After closeAfterAnswer() it is one of the last of its session. */
  noteStream(socket: Tracked, response: ServerResponse, nowMs: number): void {
    response.once('close', this.openStream(socket, response, nowMs));
  }

  /** The same, where the caller calls what it returns when the answer has ended. */
  openStream(socket: Tracked, response: ServerResponse, nowMs: number): () => void {
    const connection = socket[CONNECTION];
    if (!connection?.session) return () => {};
    connection.sinceMs = nowMs;
    const ended = connection.session.open({ response, sinceMs: nowMs });
    if (this.#closing) connection.session.leave();
    return ended;
  }

  /** Records a request. After closeAfterAnswer() its answer is marked as the connection's last. */
  note(request: IncomingMessage, response: ServerResponse, nowMs: number): void {
    // There is none after `close`: Node may still emit a pipelined request of a connection that has ended.
    const connection = (request.socket as Tracked)[CONNECTION];
    if (this.#closing) {
      const earlier = connection?.latest;
      if (earlier && !earlier.headersSent) earlier.removeHeader('Connection');
      response.setHeader('Connection', 'close');
    }
    if (connection !== undefined) begin(connection, response, nowMs);
  }

  /** Records that the client asks for another protocol; the application may still refuse it. */
  noteUpgrade({ headers: { upgrade = '' } }: IncomingMessage, socket: Tracked): void {
    const connection = socket[CONNECTION];
    if (connection) connection.webSocketFrom = /^websocket$/i.test(upgrade) ? socket.bytesWritten : Infinity;
  }

  /** Records that no HTTP is spoken on a connection, so that nothing is known of what it does. */
  speaksOther(socket: Tracked): void {
    const connection = socket[CONNECTION];
    if (connection) connection.webSocketFrom = Infinity;
  }

  /** How many connections are in each stage. */
  census(): Census {
    const census = { answering: 0, idle: 0, sendingHeaders: 0, silent: 0, webSockets: 0 };
    for (const connection of this.#all) census[stageOf(connection)]++;
    return census;
  }

  /** The WebSockets, and the event streams that have begun. */
  longLived(): readonly LongLived[] {
    return this.#all.flatMap(longLivedOf);
  }

  /** From now on each connection ends with its current or next answer. */
  closeAfterAnswer(): void {
    this.#closing = true;
    for (const { latest, session } of this.#all) {
      if (latest && !latest.headersSent) latest.setHeader('Connection', 'close');
      session?.leave();
    }
  }

  /**
   * The connections that wait for a request: all their requests are answered, or none has come yet. One whose client has
   * sent a part of its next request is included, but not of its first. Of those that speak HTTP/2, which are told to leave,
   * only the ones that have had no request, or have left and are not closed by their clients.
   */
  idle(): readonly Socket[] {
    return this.#all.filter(isIdle).map(({ socket }) => socket);
  }

  /** At most `count` connections that came before `beforeMs` and whose client has not finished its first head, oldest first. */
  withoutHead(beforeMs: number, count: number): readonly Socket[] {
    return oldestFirst(
      this.#all.filter((connection) => connection.sinceMs < beforeMs && hasNoHead(connection)),
    )
      .slice(0, count)
      .map(({ socket }) => socket);
  }

  /** Whether the client of a connection that is open has not finished its first head. */
  lacksHead(socket: Tracked): boolean {
    const connection = socket[CONNECTION];
    return connection !== undefined && hasNoHead(connection);
  }

  /** The requests whose bodies have not arrived whole, but for those whose answers have begun and not ended. */
  receiving(): readonly { readonly socket: Socket; readonly request: IncomingMessage }[] {
    const found: { readonly socket: Socket; readonly request: IncomingMessage }[] = [];
    this.#each((connection) => {
      const request = receivedOn(connection);
      if (request !== null) found.push({ socket: connection.socket, request });
    });
    return found;
  }

  /** The connections whose clients have yet to take what was written of an answer. */
  sending(): readonly Socket[] {
    const found: Socket[] = [];
    this.#each(({ socket, webSocketFrom }) => {
      if (webSocketFrom === null && socket.writableLength > 0) found.push(socket);
    });
    return found;
  }

  /** The connections that have had a request and wait for another; the one whose latest request came first is the first. */
  resting(): readonly Resting[] {
    return oldestFirst(this.#all.filter(isResting)).map(({ socket, sinceMs }) => ({ socket, sinceMs }));
  }

  /** Lets go of the responses of connections that rest. What is read of them later says the same. */
  forgetAnswered(): void {
    this.#each((connection) => {
      const { latest, session, earlier } = connection;
      if (session !== null || latest === null || latest === ANSWERED) return;
      if (!isIdle(connection) || isLast(latest)) return;
      connection.latest = ANSWERED;
      if (earlier !== null) connection.earlier = null;
    });
  }

  /** Ends a connection that rests, unless a request has arrived. One of HTTP/2 is told to leave. */
  endResting(socket: Tracked): void {
    const session = socket[CONNECTION]?.session ?? null;
    if (session === null) closeIfSilent(socket);
    else session.leave();
  }

  /** The answer to the latest request of a connection; null before the first. */
  latestOn(socket: Socket): ServerResponse | null {
    return (socket as Tracked)[CONNECTION]?.latest ?? null;
  }

  /** The latest request of a connection; null before the first, and where nothing of it is kept any more. */
  latestRequestOn(socket: Socket): IncomingMessage | null {
    const latest = this.latestOn(socket);
    return latest === null || latest === ANSWERED ? null : latest.req;
  }

  /** The requests in flight on a connection, in the order they came. */
  requestsOn(socket: Socket): readonly Flight[] {
    const connection = (socket as Tracked)[CONNECTION];
    return connection ? flightsOf(connection) : [];
  }

  /** The connections that speak HTTP/2. */
  sessions(): readonly OfHttp2[] {
    return this.#all.flatMap(({ socket, session, sinceMs }) =>
      session === null ? [] : { socket, session, sinceMs },
    );
  }

  /** The session of a connection; null where it does not speak HTTP/2. */
  sessionOf(socket: Socket): Session | null {
    return (socket as Tracked)[CONNECTION]?.session ?? null;
  }

  /** How far a connection has come; null once it has closed, or speaks another protocol. */
  progressOf(socket: Socket): Progress | null {
    const connection = (socket as Tracked)[CONNECTION];
    if (connection === undefined || connection.webSocketFrom !== null) return null;
    const { latest, requests, sinceMs } = connection;
    return { requests, sinceMs, hasArrived: latest?.req.complete ?? true, bytesRead: socket.bytesRead };
  }

  /** Resolves once there is no connection left. */
  emptied(): Promise<void> {
    return new Promise((resolve) => {
      if (this.size === 0) resolve();
      else this.#whenEmpty = [...this.#whenEmpty, resolve];
    });
  }

  /** Resolves once those that are here now have ended. */
  async presentEnded(): Promise<void> {
    await Promise.all(this.#sockets.map((socket) => new Promise((ended) => socket.once('close', ended))));
  }

  /** Destroys all connections that are left, upgraded sockets included. Returns how many there were. */
  destroyAll(): number {
    const left = this.#sockets;
    for (const socket of left) socket.destroy();
    return left.length;
  }

  #forget(socket: Tracked): void {
    const connection = socket[CONNECTION];
    if (connection === undefined) return;
    socket[CONNECTION] = undefined;
    // The last connection takes the free slot.
    this.#size--;
    const last = this.#slots[this.#size];
    this.#slots[this.#size] = null;
    if (last && last !== connection) {
      last.at = connection.at;
      this.#slots[last.at] = last;
    }
    this.#onClosed(socket);
    if (this.size > 0) return;
    for (const resolve of this.#whenEmpty) resolve();
    this.#whenEmpty = [];
  }

  /** For what is done once a second, without a copy of the list: some of them may leave it meanwhile. */
  #each(visit: (connection: Connection) => void): void {
    for (let at = 0; at < this.#size; at++) {
      const connection = this.#slots[at];
      if (connection) visit(connection);
    }
  }

  get #all(): readonly Connection[] {
    return this.#slots.filter((slot) => slot !== null);
  }

  get #sockets(): readonly Socket[] {
    return this.#all.map(({ socket }) => socket);
  }
}

function oldestFirst(some: readonly Connection[]): readonly Connection[] {
  return some.toSorted((one, other) => one.sinceMs - other.sinceMs);
}
