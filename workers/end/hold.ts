/** Keeps a worker that has finished everything from its end, while an operator looks at it. */
export class Hold {
  #held: { readonly timer: NodeJS.Timeout; readonly released: PromiseWithResolvers<void> } | null = null;

  /** From now on, for so long at most; 0 ends it. */
  for(ms: number): void {
    if (this.#held !== null) {
      clearTimeout(this.#held.timer);
      this.#held.released.resolve();
      this.#held = null;
    }
    if (ms <= 0) return;
    const released = Promise.withResolvers<void>();
    this.#held = { timer: setTimeout(released.resolve, ms), released };
  }

  /** Resolves when nothing holds the worker; where something does, it is `told` that the worker waits. */
  async ended(told: () => void): Promise<void> {
    if (this.#held === null) return;
    told();
    await this.#held.released.promise;
  }
}
