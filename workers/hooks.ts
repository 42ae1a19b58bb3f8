import { callHook } from '../src/process/call-hook.ts';
import type { BootSpec } from '../src/process/ipc/boot-spec.ts';
import { type Hooks, WORKER_HOOKS, type WorkerView } from '../src/settings/hooks.ts';

/** The hooks that are about the worker itself, not about its requests. */
type LifeHook = 'postFork' | 'postWorkerInit' | 'workerInt' | 'workerAbort' | 'workerExit';

/** The hooks of the worker's side; none until they are loaded. */
export class WorkerHooks {
  readonly view: WorkerView;
  readonly #view: { slot: number | null };
  #hooks: Hooks = {};

  constructor(view: WorkerView) {
    const own = { ...view };
    this.view = own;
    this.#view = own;
  }

  /** The worker is told in which slot it serves. */
  serveIn(slot: number): void {
    this.#view.slot = slot;
  }

  get all(): Hooks {
    return this.#hooks;
  }

  /** Imports the configuration file again, since functions cannot be sent between processes. */
  async load({ configFile, hookNames, profile }: BootSpec): Promise<void> {
    if (configFile === null || !WORKER_HOOKS.some((name) => hookNames.includes(name))) return;
    const { loadHooks } = await import('../src/settings/load.ts');
    this.#hooks = await loadHooks(configFile, null, process.cwd(), profile);
  }

  /** Calls a hook, if there is one; resolves when it has returned, and logs what it throws. */
  call(name: LifeHook): Promise<void> {
    return callHook(this.view.log, name, () => this.#hooks[name]?.(this.view));
  }
}
