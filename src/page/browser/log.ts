import type { Level, WireMark, WireRecord } from '../wire.ts';
import { byId, el, say } from './dom.ts';
import { clock } from './format.ts';
import { SIGNS } from './plots.ts';

const KEPT = 200;
const LEVELS: readonly Level[] = ['debug', 'info', 'warning', 'error', 'critical'];

/** The last records of the error log, the latest first, and those of them that are looked for. */
export class Log {
  #records: readonly WireRecord[] = [];
  #lost = 0;

  constructor() {
    const form = byId<HTMLFormElement>('filter');
    form.addEventListener('input', () => this.#show());
    form.addEventListener('submit', (event) => event.preventDefault());
  }

  begin(records: readonly WireRecord[]): void {
    this.#records = records;
    this.#show();
  }

  add(records: readonly WireRecord[], lost: number): void {
    this.#lost += lost;
    if (records.length === 0) return;
    this.#records = [...this.#records, ...records].slice(-KEPT);
    this.#show();
  }

  #show(): void {
    const contains = byId<HTMLInputElement>('sought').value.toLowerCase();
    const least = LEVELS.indexOf(byId<HTMLSelectElement>('level').value as Level);
    const slot = byId<HTMLInputElement>('slot').value.trim();
    const isWanted = ({ level, message, event, stack, slot: own }: WireRecord) =>
      LEVELS.indexOf(level) >= least &&
      (slot === '' || `${own}` === slot) &&
      `${message} ${event} ${stack ?? ''}`.toLowerCase().includes(contains);
    const shown = this.#records.filter(isWanted).reverse();
    const lost = this.#lost > 0 ? `; ${this.#lost} came too fast and are not here` : '';
    say('log-note', `${shown.length} of the last ${this.#records.length} records, the latest first${lost}`);
    byId('log').replaceChildren(
      ...(shown.length === 0 ? [el('li', {}, 'No record matches.')] : shown.map(recordItem)),
    );
  }
}

function recordItem({ time, level, message, stack, slot }: WireRecord): HTMLElement {
  const text = el(
    'div',
    {},
    slot === null || message.includes('slot') ? message : `${message} (slot ${slot})`,
  );
  if (stack !== null) text.append(el('details', {}, el('summary', {}, 'stack'), el('pre', {}, stack)));
  return el(
    'li',
    { 'data-level': level },
    el('time', { datetime: time }, clock(Date.parse(time))),
    el('b', {}, level),
    text,
  );
}

/** What the marks on the time axis mean, the latest first. */
export function showEvents(marks: readonly WireMark[]): void {
  const list = byId('events');
  const signature = `${marks.length} ${marks.at(-1)?.at}`;
  if (list.dataset.shown === signature) return;
  list.dataset.shown = signature;
  const items = marks.toReversed().map(({ at, kind, text }) => {
    const [sign, , meaning] = SIGNS[kind];
    return el(
      'li',
      { 'data-kind': kind },
      el('time', { datetime: new Date(at * 1000).toISOString() }, clock(at * 1000)),
      el('b', { title: meaning }, sign),
      el('div', {}, text),
    );
  });
  list.replaceChildren(
    ...(items.length === 0
      ? [el('li', {}, 'Nothing: no worker died, nothing was reloaded or scaled.')]
      : items),
  );
}
