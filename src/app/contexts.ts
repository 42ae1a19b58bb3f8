import type { IncomingMessage } from 'node:http';
import type { Logger } from '../support/logger.ts';
import type { Application } from './application.ts';

/** An application as `app` of tsunicorn/context shows it. */
export interface AboutApp {
  /** What the operator wrote, such as `server.ts:app`. */
  readonly name: string;
  /** The path that it is mounted at: `''`, or `/…` without a slash at its end. */
  readonly path: string;
  /** What is exported, or what a factory made. */
  readonly value: unknown;
}

/** What contexts get of the process that serves. */
export interface ContextService {
  readonly log: Pick<Logger, 'debug' | 'info' | 'warning' | 'error' | 'critical'>;
  /** Takes what a function that runs behind the handler throws. */
  readonly onError: (error: unknown, request?: IncomingMessage) => void;
}

/** What a process has where its application imports tsunicorn/context. */
export interface Contexts {
  /** The application, with a context around each of its requests. */
  enter(application: Application, about: AboutApp): Application;
  /** To be called with all that is served; returns it with an end that waits for what runs behind the requests. */
  serve(whole: Application, service: ContextService): Application;
}

// Of the registry, since the application may import another copy of the package than the one that serves.
export const CONTEXTS = Symbol.for('tsunicorn.contexts');

/** The contexts of this process; null where the application has not imported them. */
export function importedContexts(): Contexts | null {
  return Reflect.get(globalThis, CONTEXTS) ?? null;
}

/** The application, with contexts where it wants them. */
export function inContexts(application: Application, about: AboutApp): Application {
  return importedContexts()?.enter(application, about) ?? application;
}
