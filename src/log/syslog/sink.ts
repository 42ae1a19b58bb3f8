import type { Clock } from '../../support/clock.ts';
import { codeOf, messageOf } from '../../support/errors.ts';
import type { LogTrouble } from '../trouble.ts';

/** An open connection to the receiver. */
export interface Link {
  /** Sends records in order; `done` is called once, with whether all of them were handed to the system. */
  send(records: readonly Buffer[], done: (sent: boolean) => void): void;
  close(): void;
}

/** Opens a link; `lost` is called when it fails later, with how many records it knows to have lost. Rejects where it cannot. */
export type Open = (lost: (records: number) => void) => Promise<Link>;

type Trouble = Pick<LogTrouble, 'failed' | 'written' | 'lostAtEnd'>;

const HELD_BYTES = 1024 * 1024;
const BATCH_BYTES = 16 * 1024;
const BACK_OFF_MS = [250, 30_000] as const;
const CLOSE_WAIT_MS = 500;

type State =
  /** It is opened for the next record, after this many failures in a row. */
  | { readonly name: 'closed'; readonly failures: number }
  | { readonly name: 'waiting' }
  | { readonly name: 'opening'; readonly failures: number }
  | { readonly name: 'open'; readonly link: Link; readonly busy: boolean }
  | { readonly name: 'shut' };

/** How long to wait after that many failures in a row. */
export function backOffMs(failures: number): number {
  return Math.min(BACK_OFF_MS[1], BACK_OFF_MS[0] * 2 ** (failures - 1));
}

/**
 * Sends records. Taking one never waits and never fails: what cannot be sent now is held, up to 1 MiB, and beyond that it
 * is dropped and counted, and the log says so. A link that fails is opened again, at longer and longer intervals.
 */
export class Sink {
  readonly #open: Open;
  readonly #clock: Clock;
  readonly #trouble: Trouble;
  #state: State = { name: 'closed', failures: 0 };
  #held: Buffer[] = [];
  #heldBytes = 0;
  /** The last error of the link. */
  #why = 'EAGAIN';
  #whenEmpty: (() => void) | null = null;

  constructor(open: Open, clock: Clock, trouble: Trouble) {
    this.#open = open;
    this.#clock = clock;
    this.#trouble = trouble;
  }

  take(record: Buffer): void {
    if (this.#heldBytes + record.length > HELD_BYTES) {
      this.#trouble.failed(this.#why, 1);
      return;
    }
    this.#held.push(record);
    this.#heldBytes += record.length;
    this.#pump();
  }

  /** Resolves when everything is sent, or cannot be sent soon; the link is closed then. */
  async close(): Promise<void> {
    if (this.#held.length > 0) {
      await new Promise<void>((resolve) => {
        const cancel = this.#clock.after(CLOSE_WAIT_MS, resolve);
        this.#whenEmpty = () => {
          cancel();
          resolve();
        };
      });
    }
    if (this.#held.length > 0) this.#trouble.lostAtEnd(this.#why, this.#held.length);
    if (this.#state.name === 'open') this.#state.link.close();
    this.#state = { name: 'shut' };
  }

  #pump(): void {
    const state = this.#state;
    if (state.name === 'closed') return void this.#connect(state.failures);
    if (state.name !== 'open' || state.busy || this.#held.length === 0) return;
    const batch = this.#batch();
    this.#state = { ...state, busy: true };
    state.link.send(batch, (sent) => this.#sent(state.link, batch, sent));
  }

  /** The first records, at least one, that are sent together. */
  #batch(): readonly Buffer[] {
    let bytes = 0;
    const end = this.#held.findIndex((record, index) => {
      bytes += record.length;
      return index > 0 && bytes > BATCH_BYTES;
    });
    return end < 0 ? [...this.#held] : this.#held.slice(0, end);
  }

  #sent(link: Link, batch: readonly Buffer[], sent: boolean): void {
    if (this.#state.name !== 'open' || this.#state.link !== link) return;
    if (!sent) return this.#lost(link, 0);
    this.#state = { name: 'open', link, busy: false };
    this.#held.splice(0, batch.length);
    this.#heldBytes -= batch.reduce((sum, { length }) => sum + length, 0);
    if (this.#held.length > 0) return this.#pump();
    this.#trouble.written();
    if (this.#held.length === 0) this.#whenEmpty?.();
  }

  async #connect(failures: number): Promise<void> {
    this.#state = { name: 'opening', failures };
    let link: Link | null = null;
    try {
      link = await this.#open((records) => link && this.#lost(link, records));
    } catch (error) {
      this.#why = codeOf(error) ?? messageOf(error);
      // A receiver that only restarts can be reached at the second try.
      if (failures > 0) this.#trouble.failed(this.#why, 0);
      if (this.#state.name === 'opening') this.#wait(failures + 1);
      return;
    }
    if (this.#state.name !== 'opening') return link.close();
    this.#state = { name: 'open', link, busy: false };
    this.#pump();
  }

  #lost(link: Link, records: number): void {
    if (this.#state.name !== 'open' || this.#state.link !== link) return;
    this.#why = 'ECONNRESET';
    if (records > 0) this.#trouble.failed(this.#why, records);
    link.close();
    this.#wait(1);
  }

  #wait(failures: number): void {
    this.#state = { name: 'waiting' };
    this.#clock.after(backOffMs(failures), () => {
      if (this.#state.name !== 'waiting') return;
      this.#state = { name: 'closed', failures };
      if (this.#held.length > 0) this.#pump();
    });
  }
}
