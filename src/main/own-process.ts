import type { LoadedData } from '../settings/load.ts';
import { addedSince, withoutAdded } from '../settings/sources/added-environment.ts';

type Variables = Readonly<Record<string, string>>;

/**
 * What the arbiter's own process takes from the settings: its title, its directory, and what `env` and `env-file` add to
 * its environment, which hooks see. A successful reload changes all of it.
 */
export class OwnProcess {
  /** The environment before anything was added. */
  readonly #before: NodeJS.ProcessEnv;
  #adopted: Variables;
  #added: Variables;
  #loading: Promise<unknown> = Promise.resolve();

  /** `loaded.environment` has been added to process.env already. Changes to the configured directory. */
  constructor(before: NodeJS.ProcessEnv, loaded: LoadedData) {
    this.#before = before;
    this.#adopted = loaded.environment;
    this.#added = loaded.environment;
    process.chdir(loaded.settings.chdir);
  }

  /** The environment to which each generation adds its variables. Read at each use, since hooks may set some for later workers. */
  get base(): NodeJS.ProcessEnv {
    return withoutAdded(process.env, this.#added, this.#before);
  }

  /** Sets the process title, with the configured name. */
  rename({ settings: { name } }: LoadedData): void {
    process.title = name === null ? 'tsunicorn: arbiter' : `tsunicorn: arbiter [${name}]`;
  }

  /** Applies the settings of a generation that is proved ready. Throws where its directory has gone meanwhile. */
  adopt(loaded: LoadedData): void {
    this.#adopted = loaded.environment;
    this.#apply(loaded.environment);
    this.rename(loaded);
    process.chdir(loaded.settings.chdir);
  }

  /**
   * Runs `load` in the environment of a new generation, since its hooks read variables when they are imported. One after the
   * other, as a superseded reload may still be loading.
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
