import type { Application } from '../../src/app/application.ts';
import { importedContexts } from '../../src/app/contexts.ts';
import type { Program } from '../../src/app/script/load-program.ts';
import type { WorkerLog } from '../../src/log/records.ts';
import type { BootSpec } from '../../src/process/ipc/boot-spec.ts';
import { classNameOf } from '../../src/settings/class-name.ts';
import type { DoorListener } from '../accept/listener-door.ts';
import type { OwnDoor } from '../accept/own-door.ts';
import type { Logs } from '../logs.ts';
import { loadIntoProcess } from './loading.ts';
import type { SideDoor } from './side-door.ts';

export interface LoaderOptions {
  readonly spec: BootSpec;
  /** Absent if an export of the application is imported. */
  readonly program: Program | null;
  readonly sides: SideDoor;
  readonly log: WorkerLog;
  readonly logs: Pick<Logs, 'log' | 'applicationFailed'>;
}

/** Loads the application into this process, an export or a program, and knows from then on where it is served. */
export class Loader {
  readonly #options: LoaderOptions;
  #listeners: readonly DoorListener[];
  #ownDoor: OwnDoor | null = null;

  constructor(options: LoaderOptions) {
    this.#options = options;
    this.#listeners = options.spec.listeners;
  }

  /** Where to listen; known once the application is loaded. */
  get listeners(): readonly DoorListener[] {
    return this.#listeners;
  }

  /** Where a program comes in that is served, before any client; null where an export is served. */
  get ownDoor(): OwnDoor | null {
    return this.#ownDoor;
  }

  /** What loads the application, while our own files still find each other without a look at the disk. */
  async loadCode(): Promise<void> {
    const { spec, program, sides } = this.#options;
    if (program !== null) await Promise.all([import('./load-program.ts'), sides.loadCode()]);
    // Threads load the application themselves.
    else if (!spec.failure && classNameOf(spec.settings) !== 'thread')
      await Promise.all([import('../../src/app/load-served.ts'), import('../../src/app/load-to-end.ts')]);
  }

  /** Finds out where to show that the application cannot be loaded. */
  async followFailure(): Promise<void> {
    const { spec, sides } = this.#options;
    if (spec.address !== 'asked') return;
    const { listenersOfFailure } = await import('./load-program.ts');
    this.#listeners = await listenersOfFailure(spec, sides.tell);
  }

  /** Rejects with a BootError. */
  async load(): Promise<Application> {
    const { log, applicationFailed: onError } = this.#options.logs;
    const application = await this.#loadPlain();
    return importedContexts()?.serve(application, { log, onError }) ?? application;
  }

  async #loadPlain(): Promise<Application> {
    const { spec, program, sides, log, logs } = this.#options;
    const onError = logs.applicationFailed;
    if (program === null) {
      sides.watchImported();
      return loadIntoProcess(spec.settings, log, onError);
    }
    const { loadAsProgram } = await import('./load-program.ts');
    const { application, listeners, ownDoor } = await loadAsProgram(program, {
      ...{ spec, log, onError },
      ...{ sides: sides.sides, tell: sides.tell },
    });
    this.#listeners = listeners;
    this.#ownDoor = ownDoor;
    return application;
  }
}
