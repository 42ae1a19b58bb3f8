import type { Clock } from '../support/clock.ts';

/** Editors write a file several times when they save it once. */
const QUIET_MS = 50;

/** Collects changed files, and reports them together once none has changed for a moment. */
export class Changes {
  readonly #clock: Clock;
  readonly #tell: (files: readonly string[]) => void;
  readonly #files = new Set<string>();
  #cancel: () => void = () => {};

  constructor(clock: Clock, tell: (files: readonly string[]) => void) {
    this.#clock = clock;
    this.#tell = tell;
  }

  add(file: string): void {
    this.#files.add(file);
    this.#cancel();
    this.#cancel = this.#clock.after(QUIET_MS, () => {
      const files = [...this.#files];
      this.#files.clear();
      this.#tell(files);
    });
  }

  /** Reports nothing any more. */
  close(): void {
    this.#cancel();
  }
}
