import type { IncomingMessage } from 'node:http';
import type { Application, Handler } from '../src/app/application.ts';
import type { FlightTable } from '../src/flights/table.ts';
import type { Connections } from '../src/http/connections.ts';
import type { Draining } from '../src/http/drain/drain.ts';
import type { AnswerFailure, Observer } from '../src/http/server.ts';
import type { AccessLog } from '../src/log/access-log.ts';
import type { WorkerLog } from '../src/log/records.ts';
import type { HandedListener, Retirement } from '../src/process/ipc.ts';
import type { Settings } from '../src/settings/catalogue/catalogue.ts';
import type { Clock } from '../src/support/clock.ts';
import type { LoadedFiles } from './develop/module-graph.ts';

/** What a worker class gets to serve with. */
export interface ServeOptions {
  readonly settings: Settings;
  readonly listeners: readonly HandedListener[];
  readonly observers: readonly Observer[];
  /** Where requests are noted; null where nobody reads it, or the access log notes them. */
  readonly flights: FlightTable | null;
  /** Among the observers already; it has more to see. */
  readonly accessLog: AccessLog | null;
  readonly log: WorkerLog;
  readonly clock: Clock;
  readonly onError: (error: unknown, request?: IncomingMessage) => void;
  /** To be put around what answers requests, outside everything that makes them wait. */
  readonly guard: (handler: Handler) => Handler;
  /** The worker cannot go on, for this reason: it stops accepting, answers what it can and is replaced. */
  readonly fail: (reason: string) => void;
  /** Loads the application into this process. Rejects with a BootError. */
  readonly load: () => Promise<Application>;
  /** Takes what threads of this process have loaded, where that is wanted. */
  readonly report: ((loaded: LoadedFiles) => void) | null;
  /** Answers a request whose handler threw or rejected with this; a plain 500 where it is null. */
  readonly answerFailure: AnswerFailure | null;
  /** To be called when the application is loaded, wherever it runs. */
  readonly initialised: () => Promise<void>;
  /**
   * To be called before any socket is opened; resolves when the application has shown that it is ready to serve and the
   * sockets may be opened, which may be late. `close` is the one of Serving, for a worker that ends before.
   */
  readonly prove: (application: Application, close: Serving['close']) => Promise<void>;
}

/** A worker class at work. */
export interface Serving {
  /** Where it accepts, one URL a listener, in their order. */
  readonly urls: readonly string[];
  /** What the watchdog lists, and answers with 503, where the event loop is blocked. */
  readonly connections: Connections;
  /** How busy the worker was since the last call, 0 to 1, where its event loop does not tell. */
  readonly utilisation?: () => number;
  /** Ends as drain() in src/http/drain/drain.ts does. */
  drain(how: Retirement): Draining;
  /** Lets the application end what it holds (Fastify's onClose hooks, a pool of threads). */
  readonly close?: () => Promise<void>;
}

/** A worker class: loads the application, opens the sockets, serves. */
export type Serve = (options: ServeOptions) => Promise<Serving>;
