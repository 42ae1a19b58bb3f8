import type { IncomingMessage } from 'node:http';
import type { Application } from '../src/app/application.ts';
import type { Observer } from '../src/http/server.ts';
import type { HandedListener } from '../src/ipc.ts';
import type { Settings } from '../src/settings/catalogue.ts';

/** What a worker class gets to serve with. */
export interface ServeOrder {
  readonly application: Application;
  readonly settings: Settings;
  readonly listeners: readonly HandedListener[];
  readonly observers: readonly Observer[];
  readonly onError: (error: unknown, request: IncomingMessage) => void;
}

/** A worker class at work. */
export interface Serving {
  /** Where it accepts, one URL a listener, in their order. */
  readonly urls: readonly string[];
  /** Ends as drain() in src/http/drain.ts does; resolves with the number of connections that were cut. */
  drain(options: { readonly emptyQueue: boolean; readonly graceMs: number }): Promise<number>;
}
