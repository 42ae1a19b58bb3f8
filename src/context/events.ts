import type { AsyncLocalStorage } from 'node:async_hooks';
import type { EventEmitter } from 'node:events';
import { CONTEXT, type Context, type InContext } from './store.ts';

/** What Node's types leave out: the listeners by their events. */
type Internals<Emitter> = Emitter & { readonly _events: Readonly<Record<string | symbol, unknown>> };

type Emit = EventEmitter['emit'];

/**
 * Lets the listeners of requests and responses run in the context of their request. Node emits most of these events from
 * the connection, which knows nothing of it.
 */
export function keepInEvents(storage: AsyncLocalStorage<Context>): void {
  const { IncomingMessage, ServerResponse } = process.getBuiltinModule('node:http');
  override(IncomingMessage.prototype, (request: InContext) => request[CONTEXT]);
  override(ServerResponse.prototype, ({ req }: { readonly req?: InContext }) => req?.[CONTEXT]);

  function override<Emitter extends EventEmitter>(
    prototype: Emitter,
    contextOf: (emitter: Emitter) => Context | undefined,
  ): void {
    const emit: Emit = prototype.emit;
    const within = function (this: Internals<Emitter>, ...args: Parameters<Emit>): boolean {
      const [event] = args;
      // As it would: most events of most requests have no listener.
      if (this._events[event] === undefined && event !== 'error') return false;
      const context = contextOf(this);
      if (context === undefined || storage.getStore() === context) return Reflect.apply(emit, this, args);
      return storage.run(context, () => Reflect.apply(emit, this, args));
    };
    Object.defineProperty(prototype, 'emit', { value: within, writable: true, configurable: true });
  }
}
