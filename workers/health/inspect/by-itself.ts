import type { InspectCommand, Inspected, StopInspecting } from '../../../src/process/ipc/inspection.ts';
import { messageOf } from '../../../src/support/errors.ts';
import type { OnDemand } from './on-demand.ts';

/** Answers what an operator asks of the worker where no watchdog runs that could. */
export class InspectedByItself {
  readonly #say: (part: Inspected) => void;
  #onDemand: OnDemand | null = null;

  constructor(say: (part: Inspected) => void) {
    this.#say = say;
  }

  async take(command: InspectCommand | StopInspecting): Promise<void> {
    try {
      const { OnDemand } = await import('./on-demand.ts');
      this.#onDemand ??= new OnDemand(this.#say);
      this.#onDemand.take(command);
    } catch (error) {
      // The installation may be gone.
      this.#say({ tsunicorn: 'inspected', id: command.id, end: 'failed', text: messageOf(error) });
    }
  }
}
