import { CutOff } from '../../src/http/drain/cut-off.ts';
import type { Spans } from '../../src/spans/spans.ts';
import type { Clock } from '../../src/support/clock.ts';
import type { WorkerHooks } from '../hooks.ts';
import type { Logs } from '../logs.ts';
import type { Termination } from './termination.ts';

/** What runs last gets this long even if the requests took all of the grace; the arbiter waits a second longer. */
export const LEAST_ENDING_MS = 500;

export interface EndingOptions {
  /** How long it may take; with 0 the application's own part is skipped. */
  readonly graceMs: number;
  /** The application's own listeners for the end of the process. */
  readonly termination: Termination;
  /** Lets the application end what it holds. */
  readonly close: (() => Promise<void>) | undefined;
  readonly hooks: Pick<WorkerHooks, 'call'>;
  /** The spans of its requests; null where there are none. */
  readonly spans: Pick<Spans, 'flush'> | null;
  readonly logs: Pick<Logs, 'applicationFailed' | 'close'>;
  readonly clock: Clock;
}

/** What a worker runs last, within a limit. */
export class Ending {
  readonly #options: EndingOptions;
  readonly #limit: CutOff;

  constructor(options: EndingOptions) {
    this.#options = options;
    this.#limit = new CutOff(Math.max(options.graceMs, LEAST_ENDING_MS), options.clock);
  }

  /** From now on it takes no longer than this. */
  hasten(graceMs: number): void {
    this.#limit.bringForward(Math.max(graceMs, LEAST_ENDING_MS));
  }

  /** Resolves when all has run, or the time is over. */
  async run(): Promise<void> {
    await Promise.race([this.#runAll(), this.#limit.reached]);
    this.#limit.cancel();
  }

  async #runAll(): Promise<void> {
    const { graceMs, termination, close, hooks, spans, logs } = this.#options;
    const failed = (error: unknown) => logs.applicationFailed(error);
    // Beside the rest: a receiver that does not answer must not take the time of the application.
    const sent = spans?.flush();
    // As at the end of any program: exporters and pools of the application flush what they hold.
    if (graceMs > 0) await termination.run(graceMs).catch(failed);
    await hooks.call('workerExit');
    if (graceMs > 0) await close?.().catch(failed);
    await sent;
    await logs.close();
  }
}
