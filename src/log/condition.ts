import type { Clock } from '../support/clock.ts';

/** Where in its course a condition is; the `phase` of its records. */
export type Phase = 'begins' | 'lasts' | 'ends';

/** What there is to say of a condition so far. */
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
  /** It holds again within a second of its last line: its beginning is said when that second is over. */
  | { readonly name: 'unsaid'; readonly course: Held<T>; readonly cancel: () => void }
  | { readonly name: 'on'; readonly course: Held<T>; readonly pauseMs: number };

interface Held<T> {
  readonly beganMs: number;
  readonly notedMs: number;
  readonly count: number;
  readonly detail: T;
}

/**
 * Something that goes wrong for a while, said without flooding the log: one line when it begins, then at most one a
 * second and ever fewer, down to one a minute, each time it is noted, and one when it ends. One that comes and goes
 * faster than a second is said less often, with its counts added up.
 */
export class Condition<T = void> {
  readonly #clock: Clock;
  readonly #say: (phase: Phase, course: Course<T>) => void;
  readonly #quietMs: number;
  #state: State<T> = { name: 'off' };
  #saidMs = Number.NEGATIVE_INFINITY;
  /** Noted in times that were too short to be said. */
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

  /** It holds, or has happened `count` times more. */
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

  /** Says its beginning now where that waits, as the process ends. */
  sayNow(): void {
    if (this.#state.name !== 'unsaid') return;
    this.#state.cancel();
    this.#beginNow(this.#state.course);
  }

  /** It holds no more; nothing is said where its beginning was not. No timer is left. */
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

  /** One timer, however often it is noted: it looks again when it fires. */
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
