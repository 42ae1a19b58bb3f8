import type { LoadedData } from '../settings/load.ts';
import { addedSince, withoutAdded } from '../settings/sources/added-environment.ts';

type Variables = Readonly<Record<string, string>>;

/**
 * What the arbiter's own process takes from the settings: its title, its directory, and what `env` and `env-file` add to
 * its environment, which hooks see. A reload that is proved changes all of it.
 */
export class OwnProcess {
  /** As it was before anything was added. */
  readonly #before: NodeJS.ProcessEnv;
  #adopted: Variables;
  #added: Variables;
  #loading: Promise<unknown> = Promise.resolve();

  /** What `loaded` adds to the environment is there already. Enters its directory. */
  constructor(before: NodeJS.ProcessEnv, loaded: LoadedData) {
    this.#before = before;
    this.#adopted = loaded.environment;
    this.#added = loaded.environment;
    process.chdir(loaded.settings.chdir);
  }

  /** The environment that each generation adds its own variables to, at each use: hooks may set some for workers to come. */
  get base(): NodeJS.ProcessEnv {
    return withoutAdded(process.env, this.#added, this.#before);
  }

  /** Is called by its name. */
  rename({ settings: { name } }: LoadedData): void {
    process.title = name === null ? 'tsunicorn: arbiter' : `tsunicorn: arbiter [${name}]`;
  }

  /** Takes on what the generation says that was proved. Throws where its directory has gone meanwhile. */
  adopt(loaded: LoadedData): void {
    this.#adopted = loaded.environment;
    this.#apply(loaded.environment);
    this.rename(loaded);
    process.chdir(loaded.settings.chdir);
  }

  /**
   * Runs `load` in the environment of a generation that has yet to be proved: its hooks read variables when they are imported.
   * One after the other, as a reload that was superseded may still be loading.
   */
  within<T>(loaded: LoadedData, load: () => Promise<T>): Promise<T> {
    const result = this.#loading.then(() => this.#within(loaded, load));
    this.#loading = result.catch(() => {});
    return result;
  }

  async #within<T>({ environment }: LoadedData, load: () => Promise<T>): Promise<T> {
    this.#apply(environment);
    try {
      return await load();
    } finally {
      this.#apply(this.#adopted);
    }
  }

  #apply(added: Variables): void {
    const gone = addedSince(added, this.#added);
    for (const name of Object.keys(gone)) {
      if (name in added) continue;
      const value = this.#before[name];
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    Object.assign(process.env, added);
    this.#added = added;
  }
}
