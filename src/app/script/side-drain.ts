import type { Server as HttpServer, IncomingMessage, ServerResponse } from 'node:http';
import type { Server, Socket } from 'node:net';

/** A client that sends at the very moment of a close loses its request: so long is waited for one. In milliseconds. */
const IDLE_MS = 1000;
const LOOK_MS = 50;

/** What may go on for ever: a worker that ends tells their clients. */
export interface SideStreams {
  /** Their handshakes are answered. */
  readonly webSockets: readonly Socket[];
  /** That are not finished. */
  readonly answers: readonly ServerResponse[];
}

/** The requests of servers that the program lets listen, so that they are answered before the worker ends. */
export class SideRequests {
  /** The answers that are not finished, by their server. */
  readonly #open = new WeakMap<Server, Set<ServerResponse>>();
  readonly #drained = new Map<Server, 'closing' | 'closed'>();
  /** The bytes that had been written to it when a client asked for a WebSocket. */
  readonly #webSockets = new Map<Socket, number>();

  /** The server listens from now on. */
  follow(server: Server): void {
    if (!isHttp(server) || this.#open.has(server)) return;
    const open = new Set<ServerResponse>();
    this.#open.set(server, open);
    server.prependListener('request', (_request, response) => {
      open.add(response);
      response.once('close', () => open.delete(response));
      if (this.#drained.has(server)) leaveOut(response);
    });
    watchUpgrades(server, (request) => this.#upgraded(request));
  }

  #upgraded({ headers: { upgrade = '' }, socket }: IncomingMessage): void {
    if (!/^websocket$/i.test(upgrade)) return;
    this.#webSockets.set(socket, socket.bytesWritten);
    socket.once('close', () => this.#webSockets.delete(socket));
  }

  /** Of servers that drain. */
  get streams(): SideStreams {
    const answered = [...this.#webSockets].filter(([socket, before]) => socket.bytesWritten > before);
    const answers = [...this.#drained.keys()].flatMap((server) => [...(this.#open.get(server) ?? [])]);
    return { webSockets: answered.map(([socket]) => socket), answers };
  }

  /** Whether the server was closed by us; the program's own close() succeeds then. */
  drained(server: Server): 'closing' | 'closed' | undefined {
    return this.#drained.get(server);
  }

  /** Stops accepting. Connections stay, and each answer from now on is the last of its connection. */
  stopAccepting(servers: readonly Server[]): void {
    // Not http.Server's, which ends connections whose first request is still to come.
    const { close } = process.getBuiltinModule('node:net').Server.prototype;
    for (const server of servers) {
      Reflect.apply(close, server, [() => this.#drained.set(server, 'closed')]);
      this.#drained.set(server, 'closing');
      for (const response of this.#open.get(server) ?? []) leaveOut(response);
    }
  }

  /** Resolves when every request is answered and idle connections have waited, or no time is left. */
  async ended(leftMs: () => number, sinceMs: number): Promise<void> {
    const waiting = () =>
      [...this.#drained].flatMap(([server, state]) => (state === 'closing' && isHttp(server) ? server : []));
    while (waiting().length > 0 && leftMs() > 0) {
      if (performance.now() >= sinceMs + IDLE_MS)
        for (const server of waiting()) if (this.#open.get(server)?.size === 0) server.closeIdleConnections();
      await new Promise((looked) => setTimeout(looked, LOOK_MS));
    }
  }
}

/**
 * Calls `upgraded` for each request that is handed over by `upgrade`. As long as the program does not listen to that,
 * nobody does: Node then handles the request as any other.
 */
function watchUpgrades(server: HttpServer, upgraded: (request: IncomingMessage) => void): void {
  const ours = (request: IncomingMessage) => upgraded(request);
  const isOurs = (listener: unknown) => listener === ours;
  const watch = () => {
    if (!server.listeners('upgrade').some(isOurs)) server.prependListener('upgrade', ours);
  };
  if (server.listenerCount('upgrade') > 0) watch();
  server.on('newListener', (event, listener) => {
    if (event === 'upgrade' && !isOurs(listener)) watch();
  });
  server.on('removeListener', (event) => {
    if (event === 'upgrade' && server.listeners('upgrade').every(isOurs)) server.off('upgrade', ours);
  });
}

function leaveOut(response: ServerResponse): void {
  if (!response.headersSent) response.shouldKeepAlive = false;
}

function isHttp(server: Server): server is HttpServer {
  return 'closeIdleConnections' in server;
}
