import type { AsyncLocalStorage as Storage } from 'node:async_hooks';
import { createRequire } from 'node:module';
import type { Application } from '../app/application.ts';
import {
  type AboutApp,
  CONTEXTS,
  type ContextService,
  type Contexts,
  importedContexts,
} from '../app/contexts.ts';
import { ownFile } from '../support/own-files.ts';
import { contextual } from './enter.ts';
import { keepInEvents } from './events.ts';
import type { Context } from './store.ts';

type LoggerModule = typeof import('../log/logger.ts');

const { AsyncLocalStorage } = process.getBuiltinModule('node:async_hooks');

/** The contexts of this process, whichever copy of the package it was that made them. */
export class Host implements Contexts {
  readonly storage: Storage<Context> = new AsyncLocalStorage();
  #service: ContextService | null = null;
  #whole: Application | null = null;
  #log: ContextService['log'] | null = null;
  readonly #ending = new Set<Promise<void>>();

  /** What serves; null where nothing does, as in a script. */
  get service(): ContextService | null {
    return this.#service;
  }

  /** The server's log; in a script, one to the standard error. */
  get log(): ContextService['log'] {
    this.#log ??= this.#service?.log ?? scriptLog();
    return this.#log;
  }

  /** All that is served. */
  get whole(): Application | null {
    return this.#whole;
  }

  enter(application: Application, about: AboutApp): Application {
    return contextual(application, about, this.storage);
  }

  serve(whole: Application, service: ContextService): Application {
    this.#whole = whole;
    this.#service = service;
    this.#log = service.log;
    const close = async () => {
      await Promise.all(this.#ending);
      await whole.close?.();
    };
    return { ...whole, close };
  }

  /** Whoever ends the process waits for it. */
  wait(ending: Promise<void>): void {
    this.#ending.add(ending);
    void ending.then(() => this.#ending.delete(ending));
  }
}

/** Loaded with its first line: most processes have a log, or write none. */
function scriptLog(): ContextService['log'] {
  const require = createRequire(import.meta.url);
  const { createLogger }: LoggerModule = require(ownFile('src/log/logger'));
  return createLogger({ level: 'info', format: 'text', file: '-' });
}

/** The contexts of this process. */
export const host: Host = (importedContexts() as Host | null) ?? register(new Host());

function register(made: Host): Host {
  Object.defineProperty(globalThis, CONTEXTS, { value: made });
  keepInEvents(made.storage);
  return made;
}
