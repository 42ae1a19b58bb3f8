import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { AboutApp } from '../app/contexts.ts';

/** A function that runs at the end of a context; `error` is null where all went well. */
export type Teardown = (error: unknown) => unknown;

/** A function that may change the head of an answer before it is sent. */
export type AfterRequest = (response: ServerResponse) => void;

/** What most requests never need of their context; it is made at first use. */
export interface Extras {
  globals: object | null;
  locals: Map<object, unknown> | null;
  readonly after: AfterRequest[];
  readonly teardowns: Teardown[];
  /** What the handler threw or rejected with. */
  error: unknown;
  /** `watched` once its end runs what is registered. */
  state: 'open' | 'watched' | 'ended';
}

/** What a request runs in, or a function of withApp(). One is made for each request, so that it holds little. */
export class Context {
  readonly app: AboutApp;
  /** Null outside a request. */
  readonly incoming: IncomingMessage | null;
  /** Null outside a request, and in an upgrade. */
  readonly outgoing: ServerResponse | null;
  /** That of an upgrade. */
  readonly socket: Duplex | null;
  /** What the handler returned. */
  returned: unknown = undefined;
  #extras: Extras | null = null;

  constructor(
    app: AboutApp,
    incoming: IncomingMessage | null,
    outgoing: ServerResponse | null,
    socket: Duplex | null,
  ) {
    this.app = app;
    this.incoming = incoming;
    this.outgoing = outgoing;
    this.socket = socket;
  }

  get extras(): Extras {
    this.#extras ??= newExtras();
    return this.#extras;
  }
}

function newExtras(): Extras {
  return { globals: null, locals: null, after: [], teardowns: [], error: null, state: 'open' };
}

/** The property of a request that holds its context. */
export const CONTEXT = Symbol('tsunicorn.context');

/** A request that may have a context. */
export interface InContext extends IncomingMessage {
  [CONTEXT]?: Context;
}
