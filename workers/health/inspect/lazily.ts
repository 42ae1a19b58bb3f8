import type { InspectCommand, StopInspecting } from '../../../src/process/ipc/inspection.ts';
import { messageOf } from '../../../src/support/errors.ts';
import type { InspectionOptions, Inspections } from './inspections.ts';

/** Inspections in a thread that most often is asked for none: the inspector is loaded with the first. */
export class LazyInspections {
  readonly #options: InspectionOptions;
  #loading: Promise<Inspections> | null = null;
  #loaded: Inspections | null = null;

  constructor(options: InspectionOptions) {
    this.#options = options;
  }

  /** As in Inspections. */
  async take(command: InspectCommand | StopInspecting): Promise<void> {
    try {
      this.#loading ??= this.#load();
      await (await this.#loading).take(command);
    } catch (error) {
      // The installation may be gone.
      this.#loading = null;
      const text = messageOf(error);
      await this.#options.say({ tsunicorn: 'inspected', id: command.id, end: 'failed', text });
    }
  }

  /** As in Inspections. */
  leave(): void {
    this.#loaded?.leave();
  }

  async #load(): Promise<Inspections> {
    const { Inspections } = await import('./inspections.ts');
    this.#loaded = new Inspections(this.#options);
    return this.#loaded;
  }
}
