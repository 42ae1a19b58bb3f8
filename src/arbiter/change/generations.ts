import type { ArbiterEvent } from '../events.ts';
import type { ArbiterOptions } from '../options.ts';
import { LoadedCodes } from '../workers/loaded-code.ts';
import type { WorkerSet } from '../workers/set.ts';
import { type Generation, giveSockets } from './generation.ts';
import { Reload, sameListeners } from './reload.ts';
import { sayAsked } from './said.ts';

/** The generation that serves, the reload that may put another in its place, and what is said of both. */
export class Generations {
  readonly reload: Reload;
  readonly codes: LoadedCodes;
  readonly #options: ArbiterOptions;
  readonly #workers: WorkerSet;
  #current: Generation;

  constructor(options: ArbiterOptions, workers: WorkerSet, emit: (event: ArbiterEvent) => void) {
    const { first, clock, log, reread, bindAll } = options;
    this.#options = options;
    this.#workers = workers;
    this.#current = first;
    this.codes = new LoadedCodes(log);
    this.reload = new Reload({
      reread,
      bindAll,
      emit,
      now: () => clock.now(),
      heldByWorkers: () => workers.all.flatMap(({ listeners }) => listeners),
      firstGeneration: first.number,
    });
  }

  /** The one that serves. */
  get current(): Generation {
    return this.#current;
  }

  /** The generation of that number: the one that serves, or the one that has yet to prove itself. */
  of(number: number): Generation {
    const { candidate } = this.reload;
    const generation = candidate?.number === number ? candidate : this.#current;
    const code = this.codes.hashOf(number);
    return code === null ? generation : { ...generation, code };
  }

  /** An order to reload. */
  ask(): void {
    const { candidate, underWay: generation } = this.reload;
    const canary = this.#workers.all.find((worker) => worker.generation === candidate?.number);
    sayAsked(this.#options.log, this.reload.ask(this.#current), { generation, proving: canary?.pid });
  }

  /** Begins the reload that was to follow another, if there is one. */
  follow(): void {
    if (!this.reload.isDue) return;
    this.#options.log.info('Reloading once more, as was asked for meanwhile', { event: 'reload-follows' });
    this.reload.start(this.#current);
  }

  /** The configuration was read again, or could not be. Returns the candidate that is to be proved, if there is one. */
  read(event: ArbiterEvent & { type: 'reloadRead' }): Generation | null {
    const reason = this.reload.take(event);
    const { candidate } = this.reload;
    if (reason === null) return candidate?.number === event.attempt ? candidate : null;
    this.#options.log.error(`Reload refused, the workers serve on unchanged: ${reason}`, {
      event: 'reload-refused',
      generation: event.attempt,
      reason,
    });
    return null;
  }

  /** Forgets the reload under way, if there is one, for this reason. */
  drop(reason: string): void {
    const { underWay: generation } = this.reload;
    if (this.reload.abandon(reason))
      this.#options.log.info(`The reload under way is dropped: ${reason}`, {
        event: 'reload-superseded',
        generation,
        reason,
      });
  }

  /** The candidate has proved itself with a worker that has loaded `app`: it serves from now on. Returns whether it listens elsewhere. */
  promote(candidate: Generation, app: string | undefined): boolean {
    const before = this.#current;
    const { promoted, development, log } = this.#options;
    this.reload.promote(candidate, before);
    this.#current = candidate;
    giveSockets(candidate);
    promoted(candidate, before);
    this.codes.promoted(candidate.number);
    development?.promoted(candidate);
    const what = candidate.failure ? 'shows the error' : 'is ready';
    const from = app === undefined ? '' : `, from ${app}`;
    log.info(`Generation ${candidate.number} ${what}${from}: replacing the workers of the one before`, {
      event: 'reload-promoted',
      generation: candidate.number,
      ...(app === undefined ? {} : { file: app }),
    });
    return !sameListeners(candidate, before);
  }
}
