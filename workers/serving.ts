import type { Application, Handler } from '../src/app/application.ts';
import type { ContextService } from '../src/app/contexts.ts';
import type { FlightTable } from '../src/flights/table.ts';
import type { Connections } from '../src/http/connections.ts';
import type { Draining } from '../src/http/drain/drain.ts';
import type { Observer, RequestCount } from '../src/http/observer.ts';
import type { QueueLimit } from '../src/http/queue-limit.ts';
import type { NamedRequest } from '../src/http/request-name.ts';
import type { AnswerFailure } from '../src/http/runner.ts';
import type { AccessLog } from '../src/log/access-log.ts';
import type { WorkerLog } from '../src/log/records.ts';
import type { Measured } from '../src/metrics/measured.ts';
import type { Retirement } from '../src/process/ipc/retirement.ts';
import type { Settings } from '../src/settings/catalogue/catalogue.ts';
import type { Clock } from '../src/support/clock.ts';
import type { DoorListener } from './accept/listener-door.ts';
import type { OwnDoor } from './accept/own-door.ts';
import type { TlsDoor } from './accept/tls/door.ts';
import type { LoadedFiles } from './develop/module-graph.ts';

/** What a worker class needs to serve. */
export interface ServeOptions {
  readonly settings: Settings;
  /** Where to listen; known once the application is loaded. */
  readonly listeners: () => readonly DoorListener[];
  /** Where the program comes in that is served, before any client; null where an export is served. */
  readonly ownDoor: () => OwnDoor | null;
  readonly observers: readonly Observer[];
  /** Where requests are recorded; null if nothing reads it, or the access log does that. */
  readonly flights: FlightTable | null;
  /** Returns what makes a span of each request that an observer handles; null without --otlp-traces. */
  readonly trace: ((handle: Observer) => Observer) | null;
  /** Counts requests; null where nobody asks for figures. */
  readonly count: RequestCount | null;
  /** It is one of the observers, and also records what observers do not see. */
  readonly accessLog: AccessLog | null;
  readonly log: WorkerLog;
  /** Takes the lines that the application itself logs, in threads. */
  readonly applicationLog: ContextService['log'];
  readonly clock: Clock;
  readonly onError: (error: unknown, request?: NamedRequest) => void;
  /** Ends TLS; null where no client speaks it. */
  readonly tls: TlsDoor | null;
  /** What is refused because it has waited for too long; null without --queue-timeout. */
  readonly queueLimit: QueueLimit | null;
  /** Wraps the handler so that the ready path can be answered in its place. It goes around everything that makes requests wait. */
  readonly guard: (handler: Handler) => Handler;
  /** To be called where the worker cannot go on: it stops accepting, answers what it can, and is replaced. */
  readonly fail: (reason: string) => void;
  /** Loads the application into this process. Rejects with a BootError. */
  readonly load: () => Promise<Application>;
  /** Takes the files that threads of this process have loaded; null where nobody wants them. */
  readonly report: ((loaded: LoadedFiles) => void) | null;
  /** Answers a request whose handler threw or rejected; where it is null, the answer is a plain 500. */
  readonly answerFailure: AnswerFailure | null;
  /** To be called when the application is loaded, wherever it runs. */
  readonly initialised: () => Promise<void>;
  /**
   * To be called before any socket is opened. Resolves when the application is proved ready and the sockets may be
   * opened; in a spare worker that may be much later. `close` is that of Serving, for a worker that ends before it serves.
   */
  readonly prove: (application: Application, close: Serving['close']) => Promise<void>;
}

/** A worker class that serves. */
export interface Serving {
  /** One URL for each listener, in their order. */
  readonly urls: readonly string[];
  /** While the event loop is blocked, the watchdog lists their requests and answers these with 503. */
  readonly connections: Connections;
  /** How busy the worker was since the last call, 0 to 1; absent where the event loop's utilisation says it. */
  readonly utilisation?: () => number;
  /** What the application measures in threads; absent where there are none. */
  readonly measured?: () => Measured | null;
  /** How many requests wait for a thread; absent where there are none. */
  readonly queued?: () => number;
  /** Ends as drain() in src/http/drain/drain.ts does. */
  drain(how: Retirement): Draining;
  /** Lets the application end what it holds (Fastify's onClose hooks, a pool of threads). */
  readonly close?: () => Promise<void>;
}

/** A worker class: loads the application, opens the sockets, serves. */
export type Serve = (options: ServeOptions) => Promise<Serving>;
