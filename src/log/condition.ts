import type { Clock } from '../support/clock.ts';

/** The phase of a condition, as in its records. */
export type Phase = 'begins' | 'lasts' | 'ends';

/** What is known of a condition so far. */
export interface Course<T> {
  /** How often it was noted since it began, this time included. */
  readonly count: number;
  /** Since it began, in whole milliseconds. */
  readonly durationMs: number;
  /** What was noted last. */
  readonly detail: T;
}

export interface ConditionOptions<T> {
  readonly clock: Clock;
  /** Logs one line. */
  readonly say: (phase: Phase, course: Course<T>) => void;
  /** It ends by itself when nothing was noted for so long; without this only `end` ends it. */
  readonly quietMs?: number;
}

const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 60_000;

type State<T> =
  | { readonly name: 'off' }
  /** It holds again within a second of its last line; its beginning is logged when that second is over. */
  | { readonly name: 'unsaid'; readonly course: Held<T>; readonly cancel: () => void }
  | { readonly name: 'on'; readonly course: Held<T>; readonly pauseMs: number };

interface Held<T> {
  readonly beganMs: number;
  readonly notedMs: number;
  readonly count: number;
  readonly detail: T;
}

/**
 * Logs something that goes wrong for a while without flooding the log: one line when it begins, one when it ends, and in
 * between at most one a second and ever fewer, down to one a minute. If it comes and goes within a second, lines are
 * skipped and their counts added up.
 */
export class Condition<T = void> {
  readonly #clock: Clock;
  readonly #say: (phase: Phase, course: Course<T>) => void;
  readonly #quietMs: number;
  #state: State<T> = { name: 'off' };
  #saidMs = Number.NEGATIVE_INFINITY;
  /** The count of times that were too short to be logged. */
  #unsaid = 0;
  #cancelQuiet: (() => void) | null = null;

  constructor({ clock, say, quietMs = Infinity }: ConditionOptions<T>) {
    this.#clock = clock;
    this.#say = say;
    this.#quietMs = quietMs;
  }

  /** Whether it holds. */
  get holds(): boolean {
    return this.#state.name !== 'off';
  }

  /** To be called while it holds, or when it has happened `count` times more. */
  note(detail: T, count = 1): void {
    const now = this.#clock.now();
    this.#awaitQuiet();
    const state = this.#state;
    if (state.name === 'off') return this.#begin({ beganMs: now, notedMs: now, count, detail });
    const course = { ...state.course, notedMs: now, count: state.course.count + count, detail };
    this.#state = { ...state, course };
    if (state.name === 'on' && now - this.#saidMs >= state.pauseMs) {
      this.#state = { name: 'on', course, pauseMs: Math.min(state.pauseMs * 2, LONGEST_PAUSE_MS) };
      this.#write('lasts', course);
    }
  }

  /** Logs its beginning now if that waits, since the process ends. */
  sayNow(): void {
    if (this.#state.name !== 'unsaid') return;
    this.#state.cancel();
    this.#beginNow(this.#state.course);
  }

  /** To be called when it holds no more; logs nothing if its beginning was not logged. No timer is left. */
  end(): void {
    const state = this.#state;
    if (state.name === 'off') return;
    this.#cancelQuiet?.();
    this.#cancelQuiet = null;
    this.#state = { name: 'off' };
    if (state.name === 'on') this.#write('ends', state.course);
    if (state.name !== 'unsaid') return;
    state.cancel();
    this.#unsaid += state.course.count;
  }

  #begin(course: Held<T>): void {
    const waitMs = this.#saidMs + FIRST_PAUSE_MS - this.#clock.now();
    if (waitMs <= 0) return this.#beginNow(course);
    const cancel = this.#clock.after(waitMs, () => {
      if (this.#state.name === 'unsaid') this.#beginNow(this.#state.course);
    });
    this.#state = { name: 'unsaid', course, cancel };
  }

  #beginNow(held: Held<T>): void {
    const course = { ...held, count: held.count + this.#unsaid };
    this.#unsaid = 0;
    this.#state = { name: 'on', course, pauseMs: FIRST_PAUSE_MS };
    this.#write('begins', course);
  }

  #write(phase: Phase, { beganMs, count, detail }: Held<T>): void {
    this.#saidMs = this.#clock.now();
    this.#say(phase, { count, durationMs: Math.round(this.#saidMs - beganMs), detail });
  }

  /** One timer, however often it is noted: when it fires, it is set again if need be. */
  #awaitQuiet(): void {
    if (this.#quietMs === Infinity || this.#cancelQuiet !== null) return;
    const look = (ms: number) => {
      this.#cancelQuiet = this.#clock.after(ms, () => {
        this.#cancelQuiet = null;
        if (this.#state.name === 'off') return;
        const leftMs = this.#state.course.notedMs + this.#quietMs - this.#clock.now();
        if (leftMs > 0) look(leftMs);
        else this.end();
      });
    };
    look(this.#quietMs);
  }
}
