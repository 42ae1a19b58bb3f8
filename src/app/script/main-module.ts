import { createRequire, registerHooks } from 'node:module';
import { dirname, extname, join, relative } from 'node:path';
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
  readonly #isImported: boolean;
  /** What Node itself makes of such a file that is required. */
  readonly #requirer: unknown;
  #evaluation: Evaluation = { name: 'pending' };
  #changed: () => void = () => {};

  /**
   * `file` as in `process.argv[1]`; `isImported` is whether Node alone would load it as it loads ES modules, whatever it is.
   * To be called before any code of the user's runs.
   */
  constructor(file: string, isImported: boolean) {
    this.#file = file;
    this.#isImported = isImported;
    this.#requirer = this.#currentRequirer;
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

  /** `changed` is called when it is evaluated, or that has failed. To be called before Node loads it. */
  follow(changed: () => void): void {
    this.#changed = changed;
  }

  /** Notices when Node loads it. To be called when all that is preloaded has been loaded. */
  watch(): void {
    const url = pathToFileURL(this.realPath).href;
    const end = (evaluation: Evaluation) => {
      this.#evaluation = evaluation;
      this.#changed();
    };
    const isRequired = () => this.#isRequired();
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
        // Otherwise the loader of ES modules would go past what the user has preloaded by --require, such as ts-node.
        if (isRequired()) return { format: 'commonjs', shortCircuit: true };
        return next(loaded, context);
      },
    });
  }

  /** Whether preloaded code compiles such files, and Node alone would let it. */
  #isRequired(): boolean {
    if (this.#isImported || this.#currentRequirer === this.#requirer) return false;
    return !/\.m[jt]s$/.test(this.#file) && !isOfModules(this.realPath);
  }

  get #currentRequirer(): unknown {
    const { extensions } = createRequire(pathToFileURL(this.#file));
    return Reflect.get(extensions, extname(this.#file)) ?? Reflect.get(extensions, '.js');
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

/** Whether the package of the file says that its files are ES modules. */
function isOfModules(file: string): boolean {
  for (let directory = dirname(file); ; directory = dirname(directory)) {
    const manifest = join(directory, 'package.json');
    if (fs.existsSync(manifest)) return /"type"\s*:\s*"module"/.test(fs.readFileSync(manifest, 'utf8'));
    if (directory === dirname(directory)) return false;
  }
}
