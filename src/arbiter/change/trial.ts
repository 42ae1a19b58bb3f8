import type { RecordLog } from '../../log/records.ts';
import type { Ready } from '../../process/ipc/messages.ts';
import type { WorkerHandle } from '../workers/handle.ts';
import type { Generation } from './generation.ts';
import type { Reload } from './reload.ts';
import { UNDONE } from './reload-lines.ts';

/** The first worker of a candidate, and what it has told when it was ready. */
interface First {
  readonly worker: WorkerHandle;
  readonly message: Ready;
}

/**
 * The time between the first worker of a candidate being ready and its promotion, while its required companions have to
 * last. Where the reload ends in another way, so does the trial.
 */
export class Trial {
  readonly #reload: Reload;
  readonly #log: RecordLog;
  #begun: First | null = null;

  constructor(reload: Reload, log: RecordLog) {
    this.#reload = reload;
    this.#log = log;
  }

  /** The candidate that is tried; null where none is. */
  get generation(): Generation | null {
    const { candidate } = this.#reload;
    return candidate !== null && candidate.number === this.#begun?.worker.generation ? candidate : null;
  }

  /** The worker that waits for the companions of its generation; null where none does. */
  get first(): First | null {
    return this.generation === null ? null : this.#begun;
  }

  begin(candidate: Generation, first: First): void {
    this.#begun = first;
    this.#log.info(
      `The first worker of generation ${candidate.number} is ready; replacing its required companions before the other workers: ${requiredOf(candidate).join(', ')}`,
      { event: 'reload-tried', generation: candidate.number },
    );
  }

  /** A required companion has failed. `cause` begins with its name. */
  fail(cause: string): void {
    const { generation } = this;
    if (generation === null) return;
    const reason = `companion ${cause}, and is required`;
    this.#reload.undo(reason);
    this.#log.error(`${UNDONE}: ${reason}`, {
      event: 'reload-undone',
      reason,
      generation: generation.number,
    });
  }
}

/** Whether a candidate has to be tried, beyond its first worker being ready. */
export function isToBeTried(candidate: Generation): boolean {
  return candidate.failure === undefined && requiredOf(candidate).length > 0;
}

/** The names of the companions that a generation cannot be without. */
function requiredOf({ companions }: Generation): readonly string[] {
  return companions?.plans.flatMap(({ name, required }) => (required ? [name] : [])) ?? [];
}
