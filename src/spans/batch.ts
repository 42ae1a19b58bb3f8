import type { Span } from '../push/otlp-spans.ts';
import type { Clock } from '../support/clock.ts';

/** So many spans are sent at a time. */
const BATCH = 512;
/** So many wait at most: what comes beyond is lost. */
const MOST = 2048;
/** The first of a batch waits so long. */
const EVERY_MS = 5000;

export interface BatchOptions {
  /** Resolves with why the receiver did not take them; null where it did. */
  readonly send: (spans: readonly Span[]) => Promise<string | null>;
  /** So many spans are lost, and why. */
  readonly lost: (count: number, reason: string) => void;
  /** The receiver has taken some. */
  readonly taken: () => void;
  readonly clock: Clock;
}

/** Collects spans and sends them: one batch at a time, of which none is tried twice. */
export class SpanBatch {
  readonly #options: BatchOptions;
  #waiting: Span[] = [];
  #sending: { readonly count: number; readonly ended: Promise<boolean> } | null = null;
  #isTimed = false;

  constructor(options: BatchOptions) {
    this.#options = options;
  }

  add(span: Span): void {
    if (this.#waiting.length >= MOST) return this.#options.lost(1, 'too many wait');
    this.#waiting.push(span);
    if (this.#waiting.length >= BATCH) this.#send();
    else this.#arm();
  }

  /** Sends what waits. Resolves when it is sent, or one batch was not taken: then the rest is lost too. */
  async flush(): Promise<void> {
    for (;;) {
      const sending = this.#sending ?? this.#send();
      if (sending === null) return;
      if (!(await sending.ended)) return this.lose('the worker has ended');
    }
  }

  /** The process ends now: what waits is lost. */
  lose(reason: string): void {
    const count = this.#waiting.length + (this.#sending?.count ?? 0);
    this.#waiting = [];
    this.#sending = null;
    if (count > 0) this.#options.lost(count, reason);
  }

  #arm(): void {
    if (this.#isTimed) return;
    this.#isTimed = true;
    this.#options.clock.after(EVERY_MS, () => {
      this.#isTimed = false;
      this.#send();
    });
  }

  /** Null where nothing waits, or a batch is on its way. */
  #send() {
    if (this.#sending !== null || this.#waiting.length === 0) return null;
    const spans = this.#waiting.splice(0, BATCH);
    const sending = { count: spans.length, ended: this.#sent(spans) };
    this.#sending = sending;
    return sending;
  }

  /** Whether the receiver has taken them. */
  async #sent(spans: readonly Span[]): Promise<boolean> {
    const { send, lost, taken } = this.#options;
    const reason = await send(spans);
    // Otherwise they are counted as lost already.
    const isOurs = this.#sending !== null;
    this.#sending = null;
    if (reason === null) taken();
    else if (isOurs) lost(spans.length, reason);
    if (this.#waiting.length >= BATCH) this.#send();
    else if (this.#waiting.length > 0) this.#arm();
    return reason === null;
  }
}
