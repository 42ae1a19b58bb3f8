import type { Server } from 'node:net';
import { fedServerOf } from './fed-server.ts';
import { parseListen } from './listen-call.ts';

type Listen = (...args: unknown[]) => Server;

/** What is told of the calls of servers' methods. */
export interface Hearing {
  /** Decides on a call of listen(); `listen` is node:net's own. */
  listen(server: Server, args: readonly unknown[], listen: Listen): void;
  /** A server that really listens is closed. Returns how far that is if this process has closed it already. */
  closed(server: Server): 'closing' | 'closed' | undefined;
}

/** On the prototype: that servers may be fed. */
const FEEDS = Symbol('feeds');

/** Lets servers be fed in a process where every other listen() is node:net's own. */
export function letServersBeFed(): void {
  if (FEEDS in process.getBuiltinModule('node:net').Server.prototype) return;
  overrideServerMethods({
    listen(server, args, listen) {
      const fed = fedServerOf(server);
      const parsed = fed && parseListen(args);
      if (parsed) fed.listenAgain(parsed);
      else listen(...args);
    },
    closed: () => undefined,
  });
}

/**
 * Lets `hearing` decide on each listen() of this process, and the methods of a server that does not really listen answer as
 * if it did. On the prototype of node:net, to which those of node:http, https, http2 and tls lead, as do frameworks that
 * wrap a server's methods or call them by their prototype.
 */
export function overrideServerMethods(hearing: Hearing): void {
  const { prototype } = process.getBuiltinModule('node:net').Server;
  const { listen, close, address, getConnections } = prototype;
  Object.defineProperty(prototype, FEEDS, { value: true, configurable: true });
  const listening = Object.getOwnPropertyDescriptor(prototype, 'listening');
  define(prototype, {
    listen(this: Server, ...args: unknown[]): Server {
      hearing.listen(this, args, (...own) => Reflect.apply(listen, this, own));
      return this;
    },
    close(this: Server, ...args: unknown[]): Server {
      const fed = fedServerOf(this);
      if (!fed?.isListening) {
        const before = hearing.closed(this);
        if (before === undefined) return Reflect.apply(close, this, args);
        const [callback] = args;
        if (typeof callback !== 'function') return this;
        if (before === 'closing') this.once('close', callback as () => void);
        else process.nextTick(callback as () => void);
        return this;
      }
      fed.close(args[0]);
      return this;
    },
    address(this: Server): ReturnType<Server['address']> {
      const fed = fedServerOf(this);
      return fed ? fed.address : Reflect.apply(address, this, []);
    },
    getConnections(this: Server, ...args: unknown[]): Server {
      const fed = fedServerOf(this);
      const [callback] = args;
      if (!fed || typeof callback !== 'function') return Reflect.apply(getConnections, this, args);
      process.nextTick(callback as () => void, null, fed.connections);
      return this;
    },
    async [Symbol.asyncDispose](this: Server): Promise<void> {
      if (this.listening) await new Promise((closed) => this.close(closed));
    },
  });
  Object.defineProperty(prototype, 'listening', {
    ...listening,
    get(this: Server): boolean {
      return fedServerOf(this)?.isListening ?? Boolean(listening?.get?.call(this));
    },
  });
}

function define(prototype: Server, methods: Readonly<Record<string | symbol, unknown>>): void {
  for (const name of Reflect.ownKeys(methods))
    Object.defineProperty(prototype, name, {
      value: Reflect.get(methods, name),
      enumerable: typeof name === 'string',
      writable: true,
      configurable: true,
    });
}
