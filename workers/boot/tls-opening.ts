import type { TlsChange, TlsSpec } from '../../src/process/ipc/tls.ts';
import type { TlsDoor, TlsDoorOptions } from '../accept/tls/door.ts';

/** The certificates that change before there is anything that uses them, and what does from then on. */
export class TlsOpening {
  #door: TlsDoor | null = null;
  /** Those that have come before it was there. */
  readonly #changes: TlsChange[] = [];

  /** Makes what ends TLS; null where no client speaks it. Rejects with a BootError. */
  async open(
    spec: TlsSpec | undefined,
    options: () => Omit<TlsDoorOptions, 'spec'>,
  ): Promise<TlsDoor | null> {
    if (spec === undefined) return null;
    const { changedSpec, openTls } = await import('./open-tls.ts');
    this.#door = openTls({ ...options(), spec: this.#changes.reduce(changedSpec, spec) });
    return this.#door;
  }

  change(change: TlsChange): void {
    if (this.#door === null) this.#changes.push(change);
    else this.#door.change(change);
  }
}
