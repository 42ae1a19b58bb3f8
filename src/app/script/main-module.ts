import { registerHooks } from 'node:module';
import { relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isCommand } from '../../settings/command.ts';
import { fs } from '../../support/builtins.ts';
import type { BootError } from '../../support/errors.ts';

type Namespace = Readonly<Record<string, unknown>>;

/** How far Node is with the main module. */
export type Evaluation =
  | { readonly name: 'pending' }
  /** Its top-level await included. */
  | { readonly name: 'done'; readonly namespace: Namespace }
  | { readonly name: 'failed'; readonly error: unknown };

/** An error that nobody caught is raised before the promise of the main module is rejected by it. */
const LATE_TURNS = 3;

/** The main module of this process, which Node itself loads and evaluates. */
export class MainModule {
  readonly #file: string;
  #evaluation: Evaluation = { name: 'pending' };

  /** `file` as in `process.argv[1]`. */
  constructor(file: string) {
    this.#file = file;
  }

  /** How messages name it: as the operator did, or by its path where that is a command. */
  nameFor(app: string): string {
    return isCommand(app) ? relative(process.cwd(), this.#file) : app;
  }

  /** Its path without links. */
  get realPath(): string {
    return fs.realpathSync(this.#file);
  }

  get evaluation(): Evaluation {
    return this.#evaluation;
  }

  /** To be called before Node loads it; `changed` is called when it is evaluated, or that has failed. */
  follow(changed: () => void): void {
    const url = pathToFileURL(this.realPath).href;
    const end = (evaluation: Evaluation) => {
      this.#evaluation = evaluation;
      changed();
    };
    const hooks = registerHooks({
      load(loaded, context, next) {
        if (loaded.split('?')[0] !== url) return next(loaded, context);
        hooks.deregister();
        // Before Node itself has begun with it this import would take its place, and no module would be the main one.
        setImmediate(() => {
          import(loaded).then(
            (namespace: Namespace) => end({ name: 'done', namespace }),
            (error: unknown) => end({ name: 'failed', error }),
          );
        });
        return next(loaded, context);
      },
    });
  }

  /** The error for what it threw while it was evaluated; `spec` is what the operator wrote. */
  async failure(spec: string, error: unknown): Promise<BootError> {
    const { importError } = await import('../import-failure.ts');
    return importError(spec, relative(process.cwd(), this.#file) || this.#file, error);
  }

  /** As failure() if it was this module that threw; otherwise the error as it is. */
  async explain(spec: string, error: unknown): Promise<unknown> {
    for (let turn = 0; turn < LATE_TURNS; turn++) await new Promise((turned) => setImmediate(turned));
    const evaluation = this.#evaluation;
    return evaluation.name === 'failed' && evaluation.error === error ? this.failure(spec, error) : error;
  }
}
