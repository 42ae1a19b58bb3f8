/** The element with that id, which the page has. */
export function byId<E extends HTMLElement = HTMLElement>(id: string): E {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no #${id}`);
  return found as E;
}

type Child = Node | string | null;

/** An element with attributes and children; what comes from a service is text, never HTML. */
export function el<K extends keyof HTMLElementTagNameMap>(
  name: K,
  attributes: Readonly<Record<string, string>> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
  made.append(...children.filter((child) => child !== null));
  return made;
}

/** Changes the text of an element only where it differs, so that a selection in it stays. */
export function say(id: string, text: string): void {
  const element = byId(id);
  if (element.textContent !== text) element.textContent = text;
}

/** The rows of a table by key: cells whose text is the same are left alone, so that focus and selection stay. */
export class Rows {
  readonly #body: HTMLElement;
  readonly #rows = new Map<string, HTMLTableRowElement>();

  constructor(table: HTMLElement) {
    this.#body = table.querySelector('tbody') as HTMLElement;
  }

  show(rows: readonly Row[], empty: string): void {
    const keys = new Set(rows.map(({ key }) => key));
    for (const [key, row] of this.#rows) if (!keys.has(key)) this.#drop(key, row);
    for (const [at, { key, level, cells }] of rows.entries()) {
      const row = this.#rows.get(key) ?? this.#add(key);
      row.dataset.level = level ?? '';
      for (const [index, cell] of cells.entries()) setCell(row, index, cell);
      if (this.#body.children[at] !== row) this.#body.insertBefore(row, this.#body.children[at] ?? null);
    }
    this.#showEmpty(rows.length === 0 ? empty : null);
  }

  #add(key: string): HTMLTableRowElement {
    const row = el('tr');
    this.#rows.set(key, row);
    this.#body.append(row);
    return row;
  }

  #drop(key: string, row: HTMLElement): void {
    row.remove();
    this.#rows.delete(key);
  }

  #showEmpty(text: string | null): void {
    const shown = this.#body.querySelector('.empty');
    if (text === null) return shown?.parentElement?.remove();
    if (shown === null) this.#body.append(el('tr', {}, el('td', { class: 'empty', colspan: '99' }, text)));
  }
}

export interface Row {
  readonly key: string;
  readonly level?: 'warning' | 'bad' | undefined;
  readonly cells: readonly Cell[];
}

export interface Cell {
  readonly text: string;
  /** A second line. */
  readonly small?: string | null;
  readonly kind?: 'n' | 'wrap' | 'head';
  readonly button?: { readonly label: string; readonly spoken: string; readonly press: () => void } | null;
}

function setCell(row: HTMLTableRowElement, index: number, { text, small = null, kind, button }: Cell): void {
  const cell = row.cells[index] ?? row.appendChild(el(kind === 'head' ? 'th' : 'td', classOf(kind)));
  const signature = JSON.stringify([text, small, button?.spoken ?? null]);
  if (cell.dataset.shown === signature) return;
  cell.dataset.shown = signature;
  const pressed = button ? el('button', { type: 'button', 'aria-label': button.spoken }, button.label) : null;
  pressed?.addEventListener('click', () => button?.press());
  cell.replaceChildren(
    text,
    ...(small === null ? [] : [el('small', {}, small)]),
    ...(pressed ? [pressed] : []),
  );
}

function classOf(kind: Cell['kind']): Readonly<Record<string, string>> {
  if (kind === 'head') return { scope: 'row' };
  return kind === undefined ? {} : { class: kind };
}

/** The head of a table. */
export function headOf(table: HTMLElement, names: readonly (readonly [string, boolean?])[]): void {
  const cells = names.map(([name, isNumber]) =>
    el('th', { scope: 'col', ...(isNumber ? { class: 'n' } : {}) }, name),
  );
  table.querySelector('thead')?.replaceChildren(el('tr', {}, ...cells));
}
