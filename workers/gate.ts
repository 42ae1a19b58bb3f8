import net, { type Server, type Socket } from 'node:net';
import type { MessagePort } from 'node:worker_threads';
import type { HandedListener } from '../src/ipc.ts';
import { formatTcp } from '../src/listeners/address.ts';

/** Accepting, in one place: opens the inherited sockets, pauses and resumes, empties the queue, closes. */
export interface Gate {
  /** Listens on every inherited socket; rejects with the system error and the `listener` that failed. */
  open(listeners: readonly HandedListener[], backlog: number): Promise<readonly string[]>;
  /** Leaves new connections in the kernel's queue, for other workers to take. */
  pause(): void;
  resume(): void;
  /**
   * Accepts what the kernel has queued, then stops accepting for good, as close() does. What comes is held back until
   * then: a client without an answer does not connect again, so the queue does run dry. At most `limitMs`.
   */
  closeWhenEmpty(limitMs: number): Promise<void>;
  /** Stops accepting for good; what was accepted is not touched. */
  close(): void;
}

export class ListenError extends Error {
  override readonly name = 'ListenError';
  readonly listener: HandedListener;

  constructor(listener: HandedListener, cause: Error) {
    super(cause.message, { cause });
    this.listener = listener;
  }
}

/** Makes the gate; `feed` gets each accepted connection. */
export function createGate(feed: (socket: Socket) => void): Gate {
  return new AcceptGate(feed);
}

type Door = { readonly kind: HandedListener['kind'] } & (
  | { readonly state: 'open'; readonly server: Server }
  | { readonly state: 'parked'; readonly from: MessagePort; readonly to: MessagePort }
);

/** This long without a connection, the queue counts as dry. */
const QUIET_MS = 10;

class AcceptGate implements Gate {
  readonly #feed: (socket: Socket) => void;
  #doors: readonly Door[] = [];
  #state: 'open' | 'paused' | 'holding' | 'closed' = 'open';
  /** Accepted and not yet fed: while the queue is emptied, or paused, as a Unix listener cannot be moved. */
  #held: Socket[] = [];
  #accepted = 0;

  constructor(feed: (socket: Socket) => void) {
    this.#feed = feed;
  }

  async open(listeners: readonly HandedListener[], backlog: number): Promise<readonly string[]> {
    const opened = await Promise.all(listeners.map((listener) => this.#listen(listener, backlog)));
    this.#doors = opened.map(({ server, kind }) => ({ state: 'open', kind, server }));
    return opened.map(({ server }) => urlOf(server));
  }

  pause(): void {
    if (this.#state !== 'open') return;
    this.#state = 'paused';
    this.#doors = this.#doors.map((door) =>
      door.state === 'open' && movable(door.server) ? park(door) : door,
    );
  }

  resume(): void {
    if (this.#state !== 'paused') return;
    this.#state = 'open';
    this.#unparkAll();
    this.#feedHeld();
  }

  async closeWhenEmpty(limitMs: number): Promise<void> {
    this.#state = 'holding';
    this.#unparkAll();
    const started = performance.now();
    let quietSince = started;
    while (performance.now() - started < limitMs && performance.now() - quietSince < QUIET_MS) {
      const before = this.#accepted;
      await turn(1);
      if (this.#accepted > before) quietSince = performance.now();
    }
    // The kernel resets what arrives between the last look at the queue and the close: nothing else may run in between.
    for (let before = -1; before < this.#accepted && performance.now() - started < limitMs * 2; ) {
      before = this.#accepted;
      await turn(0);
      await turn(0);
    }
    this.#shut();
    // Other workers end at about the same time: answers now would bring their clients to a socket that is closing.
    await turn(2 * QUIET_MS);
    this.#feedHeld();
  }

  close(): void {
    this.#unparkAll();
    this.#shut();
    this.#feedHeld();
  }

  async #listen(listener: HandedListener, backlog: number) {
    // As http.Server itself asks for: a client may close its side first and still read the answer.
    const server = this.#adopt(net.createServer({ allowHalfOpen: true, noDelay: true }));
    await new Promise<void>((listening, failed) => {
      server.once('error', (error) => failed(new ListenError(listener, error)));
      // listen({fd, backlog}) ignores its backlog; given as a second argument it reaches the kernel.
      server.listen({ fd: listener.fd }, backlog, listening);
    });
    return { server, kind: listener.kind };
  }

  #adopt(server: Server): Server {
    return server.on('connection', (socket) => this.#accept(socket));
  }

  #accept(socket: Socket): void {
    this.#accepted++;
    if (this.#state === 'open') this.#feed(socket);
    else this.#held.push(socket);
  }

  #shut(): void {
    this.#state = 'closed';
    for (const door of this.#doors) if (door.state === 'open') door.server.close();
    this.#doors = [];
  }

  #feedHeld(): void {
    const held = this.#held;
    this.#held = [];
    for (const socket of held) this.#feed(socket);
  }

  #unparkAll(): void {
    this.#doors = this.#doors.map((door) => this.#unpark(door));
  }

  #unpark(door: Door): Door {
    if (door.state === 'open') return door;
    const { receiveMessageOnPort } = process.getBuiltinModule('node:worker_threads');
    const server = receiveMessageOnPort(door.to)?.message as Server;
    door.from.close();
    return { state: 'open', kind: door.kind, server: this.#adopt(server) };
  }
}

/** Node moves listening TCP servers on Unix only; a Unix-socket server throws. */
function movable(server: Server): boolean {
  const address = server.address();
  return typeof address === 'object' && address !== null;
}

/** Posts the listening server to ourselves: while it is in transit nothing accepts, and the queue keeps filling. */
function park(door: Door & { state: 'open' }): Door {
  const { MessageChannel } = process.getBuiltinModule('node:worker_threads');
  const { port1, port2 } = new MessageChannel();
  port1.unref();
  port2.unref();
  // The type of transferable things does not name net.Server yet.
  port1.postMessage(door.server, [door.server as unknown as ArrayBuffer]);
  return { state: 'parked', kind: door.kind, from: port1, to: port2 };
}

function urlOf(server: Server): string {
  const address = server.address();
  if (typeof address === 'object' && address !== null) return formatTcp(address.address, address.port);
  // The path of an inherited Unix socket is not told.
  return address === null ? '' : `unix:${address.replace(/^\0/, '@')}`;
}

/** One turn of the event loop, which looks at the kernel's queue, after `ms`. */
function turn(ms: number): Promise<void> {
  return new Promise((done) => {
    if (ms === 0) setImmediate(done);
    else setTimeout(done, ms);
  });
}
