import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import type { Server as NetServer, Socket } from 'node:net';
import type { Listener } from '../listeners/listener.ts';

/** Whoever holds more connections waits for the others to end. */
const MOST_CONNECTIONS = 100;
/** A head that is not there by then, and a client that does not read, are not waited for. */
const PATIENCE_MS = 10_000;
/** A scraper comes again within a minute, mostly. */
const KEEP_ALIVE_MS = 75_000;
const MOST_HEADER_BYTES = 8192;
const BACKLOG = 128;

/** Accepts connections in the arbiter itself. HTTP is loaded with the first of them. */
export class Door {
  readonly #handle: RequestListener;
  readonly #server: NetServer;
  readonly #sockets = new Set<Socket>();
  /** The connections with a request that is not answered in full; `leaving` once there was another one behind it. */
  readonly #busy = new WeakMap<Socket, 'answering' | 'leaving'>();
  #http: Server | null = null;

  constructor(handle: RequestListener) {
    this.#handle = handle;
    const net = process.getBuiltinModule('node:net');
    // As http.Server has it: a client may end its side with its request.
    this.#server = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#enter(socket));
    this.#server.maxConnections = MOST_CONNECTIONS;
  }

  /** Accepts from now on; `failed` is called with an error of the system. */
  open(listener: Listener, failed: (error: Error) => void): void {
    const server = this.#server.on('error', failed);
    if (listener.serveBy) listener.serveBy(server, BACKLOG);
    else server.listen({ fd: listener.fd, backlog: BACKLOG });
    server.unref();
  }

  /** Whether anybody is connected. */
  get isUsed(): boolean {
    return this.#sockets.size > 0;
  }

  /** Ends all connections. The socket itself is its listener's to close. */
  close(): void {
    this.#server.removeAllListeners('connection');
    for (const socket of this.#sockets) socket.destroy();
    // It never listened; what it ends is its timer.
    this.#http?.close();
  }

  #enter(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    this.#http ??= this.#createHttp();
    this.#http.emit('connection', socket);
  }

  /**
   * A page is made in the arbiter's own loop, and a thousand requests fit into one packet: those that are pipelined are not
   * answered, and the connection ends behind the answer before them.
   */
  #take(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    if (this.#busy.has(socket)) return void this.#busy.set(socket, 'leaving');
    this.#busy.set(socket, 'answering');
    response.once('finish', () => {
      if (this.#busy.get(socket) === 'leaving') return socket.destroySoon();
      this.#busy.delete(socket);
    });
    this.#handle(request, response);
  }

  #createHttp(): Server {
    // Not imported: that would cost the arbiter 155 ms and 16 MB at its start.
    const http = process.getBuiltinModule('node:http');
    const server = http.createServer(
      {
        maxHeaderSize: MOST_HEADER_BYTES,
        headersTimeout: PATIENCE_MS,
        requestTimeout: PATIENCE_MS,
        keepAliveTimeout: KEEP_ALIVE_MS,
        connectionsCheckingInterval: PATIENCE_MS / 2,
      },
      (request, response) => this.#take(request, response),
    );
    server.setTimeout(PATIENCE_MS);
    // Node checks its time limits only once a server has listened.
    server.emit('listening');
    return server;
  }
}
