import type { Hello } from '../wire.ts';
import { byId, say } from './dom.ts';

/** What can be changed from the page, where the reader has given the token. */
export class Actions {
  #csrf: string | null = null;
  #wanted = 0;

  constructor() {
    byId('reload').addEventListener('click', () => void this.#ask('Reload the service?', 'reload'));
    byId<HTMLFormElement>('scale').addEventListener('submit', (event) => {
      event.preventDefault();
      const { value } = byId<HTMLInputElement>('count');
      void this.#ask(`Scale from ${this.#wanted} to ${value} workers?`, `scale?count=${Number(value)}`);
    });
  }

  get allowed(): boolean {
    return this.#csrf !== null;
  }

  allow({ actions, signedIn }: Pick<Hello, 'actions' | 'signedIn'>): void {
    this.#csrf = actions?.csrf ?? null;
    byId('actions').hidden = actions === null;
    byId('leave').hidden = !signedIn;
  }

  follow(wanted: number): void {
    const input = byId<HTMLInputElement>('count');
    if (wanted !== this.#wanted && document.activeElement !== input) input.value = `${wanted}`;
    this.#wanted = wanted;
  }

  restart(slot: number): void {
    void this.#ask(`Replace the worker in slot ${slot}? It finishes its requests.`, `restart?slot=${slot}`);
  }

  async #ask(question: string, what: string): Promise<void> {
    if (!(await confirmed(question)) || this.#csrf === null) return;
    say('outcome', 'asked…');
    try {
      const headers = { 'X-CSRF-Token': this.#csrf };
      const answer = await fetch(`/page/${what}`, { method: 'POST', headers });
      const text = await answer.text();
      say('outcome', answer.ok ? 'Begun; what follows is in the log.' : `Not done: ${errorIn(text)}`);
    } catch {
      say('outcome', 'Not done: the arbiter does not answer.');
    }
  }
}

function errorIn(text: string): string {
  try {
    return (JSON.parse(text) as { error: string }).error;
  } catch {
    return text;
  }
}

function confirmed(question: string): Promise<boolean> {
  const dialog = byId<HTMLDialogElement>('confirm');
  say('question', question);
  dialog.returnValue = 'no';
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => resolve(dialog.returnValue === 'yes'), { once: true });
  });
}
