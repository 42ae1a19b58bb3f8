import { createPidfile, type Pidfile } from '../process/pidfile.ts';
import type { Loaded } from '../settings/load.ts';
import { nameSetting } from '../settings/origin.ts';

type Data = Pick<Loaded, 'settings' | 'origins'>;

/** The pidfile that the present settings ask for. */
export class PidfileOf {
  readonly #oldArbiter: number | null;
  #path: string | null = null;
  #file: Pidfile | null = null;

  /** `oldArbiter` is the arbiter that this one is to replace, if there is one. Throws a UsageError. */
  constructor(loaded: Data, oldArbiter: number | null) {
    this.#oldArbiter = oldArbiter;
    this.follow(loaded);
  }

  /** Moves the file where a reload changed its path. */
  follow({ settings, origins }: Data): void {
    if (settings.pid === this.#path) return;
    const file =
      settings.pid === null
        ? null
        : createPidfile(nameSetting(origins.pid, 'pid'), settings.pid, this.#oldArbiter);
    this.remove();
    this.#path = settings.pid;
    this.#file = file;
  }

  /** As a Pidfile's. */
  remove(newArbiter?: number | null): void {
    this.#file?.remove(newArbiter);
  }

  /** As a Pidfile's. */
  promote(): void {
    this.#file?.promote();
  }

  /** As a Pidfile's. */
  forget(pid: number): void {
    this.#file?.forget(pid);
  }
}
