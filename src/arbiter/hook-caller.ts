import type { RecordLog } from '../log/records.ts';
import { callHook } from '../process/call-hook.ts';
import type { ArbiterView, Hooks, WorkerView } from '../settings/hooks.ts';
import type { CallWithin } from '../support/call-within.ts';
import type { Clock } from '../support/clock.ts';
import type { Logger } from '../support/logger.ts';

/** The time limit of onExit, which delays the exit. */
const LAST_HOOK_MS = 5000;
/** The time limit of the other hooks: while one runs, nothing is supervised and no signal is handled. */
const HOOK_MS = 30_000;

/**
 * Calls the arbiter's hooks. A hook that throws or rejects is logged. Only onExit is awaited. A hook that does not return
 * in time is interrupted, since no signal is handled while it runs.
 */
export class HookCaller {
  readonly #now: () => { readonly hooks: Hooks; readonly view: ArbiterView };
  readonly #callWithin: CallWithin;

  /** `now` returns the current hooks and what is passed to them. */
  constructor(now: () => { readonly hooks: Hooks; readonly view: ArbiterView }, callWithin: CallWithin) {
    this.#now = now;
    this.#callWithin = callWithin;
  }

  /** Calls the hook `name` of the current generation, or of `hooks` where given; does nothing where it is not defined. */
  call<N extends keyof Hooks>(
    name: N,
    call: (hook: NonNullable<Hooks[N]>, view: ArbiterView) => unknown,
    hooks?: Hooks,
  ): void {
    const present = this.#now();
    const hook = (hooks ?? present.hooks)[name];
    if (hook)
      void callHook(present.view.log, name, () => this.#callWithin(HOOK_MS, () => call(hook, present.view)));
  }

  /** Calls onExit; resolves when it is done, after LAST_HOOK_MS at the latest. */
  async last(clock: Clock): Promise<void> {
    const { hooks, view } = this.#now();
    const { onExit } = hooks;
    if (!onExit) return;
    let cancel = () => {};
    const late = new Promise<void>((done) => {
      cancel = clock.after(LAST_HOOK_MS, () => {
        const log: RecordLog = view.log;
        log.warning(`The hook onExit did not finish within ${LAST_HOOK_MS / 1000} s`, {
          event: 'hook-slow',
          hook: 'onExit',
          durationMs: LAST_HOOK_MS,
        });
        done();
      });
    });
    await Promise.race([
      callHook(view.log, 'onExit', () => this.#callWithin(LAST_HOOK_MS, () => onExit(view))),
      late,
    ]);
    cancel();
  }
}

/** What is passed to hooks about a worker. */
export function viewOf({ pid, age, slot, generation }: Omit<WorkerView, 'log'>, log: Logger): WorkerView {
  return { pid, age, slot, generation, log };
}
