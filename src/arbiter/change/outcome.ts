import type { AnyRecord } from '../../log/records.ts';

/** How a reload came out. `refused`: no worker was spawned for it; `undone`: its worker did not get ready. */
export type ReloadOutcome = { readonly generation: number | null; readonly time: Date } & (
  | { readonly outcome: 'promoted'; readonly reason: null }
  | { readonly outcome: 'refused' | 'undone' | 'superseded'; readonly reason: string }
);

/** The outcome that a record tells of; null for other records. */
export function outcomeOf(record: AnyRecord): ReloadOutcome | null {
  switch (record.event) {
    case 'reload-promoted':
      return { outcome: 'promoted', reason: null, ...whichOf(record) };
    case 'reload-refused':
      return { outcome: 'refused', reason: record.reason, ...whichOf(record) };
    case 'reload-undone':
      return { outcome: 'undone', reason: record.reason, ...whichOf(record) };
    case 'reload-superseded':
      return { outcome: 'superseded', reason: record.reason, ...whichOf(record) };
    default:
      return null;
  }
}

function whichOf({ generation, time }: Pick<ReloadOutcome, 'generation' | 'time'>) {
  return { generation, time };
}

/** The reload that is asked for next: another one may be under way, or take its place. It is given each record. */
export class NextReload {
  #outcome: ReloadOutcome | null = null;
  #other: number | null = null;

  /** Null while it is under way. */
  get outcome(): ReloadOutcome | null {
    return this.#outcome;
  }

  took(record: AnyRecord): void {
    if (record.event === 'reload-queued') this.#other = record.generation;
    const over = outcomeOf(record);
    if (over === null || this.#outcome !== null) return;
    const isOther = over.generation === this.#other;
    const isFollowed = over.outcome === 'superseded' && over.reason === 'another reload';
    if (!isOther && !isFollowed) this.#outcome = over;
  }
}
