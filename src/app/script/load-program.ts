import { backgroundClock, type Clock } from '../../support/clock.ts';
import { BootError, EXIT, messageOf } from '../../support/errors.ts';
import type { Application } from '../application.ts';
import { inContexts } from '../contexts.ts';
import { appError } from '../failure.ts';
import { applicationOf, type ExportOptions, exportCure, exportsAnything } from '../load.ts';
import { type AppSpec, parseSpec } from '../spec.ts';
import { adaptProgram } from './adapt-program.ts';
import type { ClusterView } from './cluster-view.ts';
import type { Listens, Service } from './listens.ts';
import type { MainModule } from './main-module.ts';
import { whenDry } from './when-dry.ts';

/** A program that Node runs as the main module of this process. */
export interface Program {
  readonly main: MainModule;
  readonly listens: Listens;
  readonly cluster: ClusterView;
  /** Lets Node begin with the main module. */
  readonly start: () => void;
}

export interface ProgramOptions extends ExportOptions {
  readonly service: Service;
  /** How long the program has from now on to serve something, in milliseconds. */
  readonly limitMs: number;
  /** The same limit, for lines of the log. */
  readonly limit: string;
  readonly clock?: Clock;
  /** Calls `requested` when the program is about to send a request to itself. */
  readonly requests: (requested: () => void) => void;
}

/** So long, without another listen, is one waited for that would be served instead. In milliseconds. */
const QUIET_MS = 100;

/**
 * Starts the program and resolves with what is to be served: the server that it lets listen or, where it lets none, what
 * its main module exports. Rejects with a BootError.
 */
export async function loadProgram(
  program: Program,
  text: string,
  options: ProgramOptions,
): Promise<Application> {
  return new Search(program, parseSpec(text), options).found;
}

/** The search for what a program serves: an event that may decide it is followed by one look at everything that is known. */
class Search {
  readonly found: Promise<Application>;
  readonly #program: Program;
  readonly #spec: AppSpec;
  readonly #options: ProgramOptions;
  readonly #clock: Clock;
  readonly #counting: () => void;
  readonly #cancelLimit: () => void;
  #settle: (application: Promise<Application>) => void = () => {};
  #cancelQuiet: () => void = () => {};
  /** Whether anything may still happen in the process, or within QUIET_MS. */
  #rest: 'busy' | 'quiet' | 'dry' = 'busy';
  /** Why what the module exports cannot be served. */
  #unusable: unknown = null;
  #state: 'searching' | 'trying' | 'over' = 'searching';

  constructor(program: Program, spec: AppSpec, options: ProgramOptions) {
    this.#program = program;
    this.#spec = spec;
    this.#options = options;
    this.#clock = options.clock ?? backgroundClock;
    this.found = new Promise((resolve) => {
      this.#settle = resolve;
    });
    program.listens.begin(options.service, () => this.#changed());
    program.main.follow(() => this.#changed());
    options.requests(() => this.#requests());
    this.#counting = whenDry(() => this.#look('dry'));
    const { limitMs } = options;
    this.#cancelLimit =
      limitMs < 2 ** 31 ? this.#clock.after(limitMs, () => this.#fail(this.#tooLate())) : () => {};
    program.start();
  }

  #changed(): void {
    this.#cancelQuiet();
    this.#look('busy');
    if (this.#state === 'over' || this.#program.main.evaluation.name === 'pending') return;
    this.#cancelQuiet = this.#clock.after(QUIET_MS, () => this.#look('quiet'));
  }

  #look(rest: 'busy' | 'quiet' | 'dry'): void {
    this.#rest = rest;
    if (this.#state !== 'searching') return;
    const { listens, main } = this.#program;
    const { evaluation } = main;
    if (evaluation.name === 'failed') return this.#fail(this.#failure(evaluation.error));
    if (listens.served) return this.#serve();
    if (rest === 'busy') return;
    if (evaluation.name === 'pending') return rest === 'dry' ? this.#fail(this.#neverLoaded()) : undefined;
    if (listens.candidates > 0) return this.#decide();
    const { namespace } = evaluation;
    if (exportsAnything(namespace) && this.#unusable === null) return this.#tryExport(namespace);
    if (rest === 'dry') this.#fail(Promise.resolve(this.#unusable ?? this.#nothing(namespace)));
  }

  /** A main module that waits for an answer of its own server would wait for ever. */
  #requests(): void {
    if (this.#state === 'searching') this.#decide();
  }

  #decide(): void {
    let rivals: readonly string[];
    try {
      rivals = this.#program.listens.decide();
    } catch (error) {
      return this.#fail(error);
    }
    if (rivals.length === 0) return this.#serve();
    const { text } = this.#spec;
    this.#fail(
      appError(
        `${text}: the program listens on ${rivals.join(' and on ')}, and either may be what is to be served; name the one with --listen-port, or let it listen on process.env.PORT`,
      ),
    );
  }

  #serve(): void {
    const fed = this.#program.listens.served;
    if (fed === null) return;
    this.#state = 'trying';
    void fed.announced.then(() => {
      this.#state = 'searching';
      if (!this.#program.listens.confirm(fed)) return this.#changed();
      const { text } = this.#spec;
      this.#end(async () => inContexts(adaptProgram(fed), { name: text, path: '', value: fed.server }));
    });
  }

  #tryExport(namespace: Readonly<Record<string, unknown>>): void {
    this.#state = 'trying';
    const { gateway, onError } = this.#options;
    applicationOf(this.#spec, namespace, { onError, ...(gateway ? { gateway } : {}) }).then(
      (application) => {
        this.#state = 'searching';
        if (this.#program.listens.served) return this.#serve();
        this.#program.listens.decideForExport();
        this.#end(async () => application);
      },
      (error: unknown) => {
        this.#unusable = error;
        this.#state = 'searching';
        this.#look(this.#rest);
      },
    );
  }

  async #failure(error: unknown): Promise<Error> {
    const { listens, main } = this.#program;
    const place = listens.failedAt(error);
    if (place === null) return main.failure(this.#spec.text, error);
    const { explainListen } = await import('./explain-listen.ts');
    return explainListen(this.#spec.text, place, error);
  }

  #fail(error: unknown): void {
    this.#end(async () => Promise.reject(await error));
  }

  #end(make: () => Promise<Application>): void {
    if (this.#state === 'over') return;
    this.#state = 'over';
    this.#cancelLimit();
    this.#cancelQuiet();
    this.#counting();
    this.#settle(make());
  }

  #neverLoaded(): BootError {
    const { text, module } = this.#spec;
    return appError(
      `${text}: ${module} never finishes loading: it waits (await) for what nothing is left to bring about${this.#program.listens.summary}`,
    );
  }

  #nothing(namespace: Readonly<Record<string, unknown>>): BootError {
    const { text, module } = this.#spec;
    return appError(
      `${text}: ${module} exports nothing, and has nothing left to do${this.#program.listens.summary}; let it call listen() on an HTTP server, or ${exportCure(namespace)}`,
    );
  }

  #tooLate(): BootError {
    const { text } = this.#spec;
    const { limit } = this.#options;
    const unusable =
      this.#unusable === null ? '' : `, and exports nothing to serve (${messageOf(this.#unusable)})`;
    return new BootError(
      `${text}: the program let no HTTP server listen within ${limit} (--boot-timeout)${this.#program.listens.summary}${unusable}`,
      EXIT.workerBoot,
    );
  }
}
