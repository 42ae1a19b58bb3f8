import type { WireSetting } from '../wire.ts';
import { byId, headOf, Rows } from './dom.ts';

/** The settings in effect, which are asked for when somebody looks at them. */
export class Config {
  readonly #details = byId<HTMLDetailsElement>('config');
  readonly #rows: Rows;
  #generation: number | null = null;
  #settings: readonly WireSetting[] = [];
  #asked: number | null = null;

  constructor() {
    headOf(byId('settings'), [['Setting'], ['Value'], ['From']]);
    this.#rows = new Rows(byId('settings'));
    this.#details.addEventListener('toggle', () => void this.#load());
    byId('changed').addEventListener('change', () => this.#show());
  }

  /** A reload may have changed it. */
  follow(generation: number | null): void {
    this.#generation = generation;
    void this.#load();
  }

  async #load(): Promise<void> {
    if (!this.#details.open || this.#asked === this.#generation) return;
    this.#asked = this.#generation;
    const answer = await fetch('/page/config').catch(() => null);
    if (answer?.ok) this.#settings = ((await answer.json()) as { settings: WireSetting[] }).settings;
    else this.#asked = null;
    this.#show();
  }

  #show(): void {
    const onlyChanged = byId<HTMLInputElement>('changed').checked;
    const shown = this.#settings.filter(({ origin }) => !onlyChanged || !origin.startsWith('default'));
    this.#rows.show(
      shown.map(({ name, value, origin }) => ({
        key: name,
        cells: [
          { text: name, kind: 'head' },
          { text: value, kind: 'wrap' },
          { text: origin, kind: 'wrap' },
        ],
      })),
      'All settings have their defaults.',
    );
  }
}
