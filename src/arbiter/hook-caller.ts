import type { RecordLog } from '../log/records.ts';
import { callHook } from '../process/call-hook.ts';
import type { ArbiterView, Hooks, WorkerView } from '../settings/hooks.ts';
import type { CallWithin } from '../support/call-within.ts';
import type { Clock } from '../support/clock.ts';
import type { Logger } from '../support/logger.ts';

/** What the last hook may take, as the exit waits for it. */
const LAST_HOOK_MS = 5000;
/** While a hook runs nothing is supervised, and no signal is handled. */
const HOOK_MS = 30_000;

/**
 * Calls the arbiter's hooks; one that throws or rejects is logged, and none but the last is waited for. One that does not
 * return is ended: TERM would be heard by nobody.
 */
export class HookCaller {
  readonly #now: () => { readonly hooks: Hooks; readonly view: ArbiterView };
  readonly #callWithin: CallWithin;

  /** `now` gives the present hooks and what they see. */
  constructor(now: () => { readonly hooks: Hooks; readonly view: ArbiterView }, callWithin: CallWithin) {
    this.#now = now;
    this.#callWithin = callWithin;
  }

  /** Calls the hook `name` of the present generation, or of `hooks`, where there is one. */
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

  /** Calls onExit; resolves when it is done, after five seconds at the latest. */
  async last(clock: Clock): Promise<void> {
    const { hooks, view } = this.#now();
    const { onExit } = hooks;
    if (!onExit) return;
    let cancel = () => {};
    const late = new Promise<void>((done) => {
      cancel = clock.after(LAST_HOOK_MS, () => {
        const log: RecordLog = view.log;
        log.warning(`The hook onExit was not done within ${LAST_HOOK_MS / 1000} s`, {
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

/** What hooks see of a worker. */
export function viewOf({ pid, age, slot, generation }: Omit<WorkerView, 'log'>, log: Logger): WorkerView {
  return { pid, age, slot, generation, log };
}
