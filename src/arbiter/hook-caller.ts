import { callHook } from '../call-hook.ts';
import type { ArbiterView, Hooks, WorkerView } from '../hooks.ts';
import type { Logger } from '../log/logger.ts';

/** Calls the arbiter's hooks; one that throws or rejects is logged, and none is waited for. */
export class HookCaller {
  readonly #now: () => { readonly hooks: Hooks; readonly view: ArbiterView };

  /** `now` gives the present hooks and what they see. */
  constructor(now: () => { readonly hooks: Hooks; readonly view: ArbiterView }) {
    this.#now = now;
  }

  /** Calls the hook `name` of the present generation, or of `hooks`, where there is one. */
  call<N extends keyof Hooks>(
    name: N,
    call: (hook: NonNullable<Hooks[N]>, view: ArbiterView) => unknown,
    hooks?: Hooks,
  ): void {
    const present = this.#now();
    const hook = (hooks ?? present.hooks)[name];
    if (hook) void callHook(present.view.log, name, () => call(hook, present.view));
  }
}

/** What hooks see of a worker. */
export function viewOf({ pid, age, slot, generation }: Omit<WorkerView, 'log'>, log: Logger): WorkerView {
  return { pid, age, slot, generation, log };
}
