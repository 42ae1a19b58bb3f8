import { type Clock, systemClock } from '../support/clock.ts';
import { seconds } from '../support/duration.ts';
import { codeOf, messageOf } from '../support/errors.ts';
import { Condition, type Course, type Phase } from './condition.ts';

type TroubleFields = {
  readonly phase: Phase;
  readonly file: string;
  readonly durationMs: number;
  readonly error: string;
} & (
  | { readonly event: 'log-unwritable'; readonly lost: number }
  | { readonly event: 'log-not-reopened'; readonly lost?: never }
);

/** Logs what is wrong with one log in another, where it can be read. */
export type Say = (level: 'error' | 'info', message: string, fields: TroubleFields) => void;

export interface TroubleOptions {
  /** The file, `-`, or the receiver, as the operator wrote it. */
  readonly file: string;
  /** How messages name it, if not by `file`. */
  readonly name?: string;
  readonly say: Say;
  readonly clock?: Clock;
}

/**
 * Logs what goes wrong with one log: its lines cannot be written, and how many are lost, or its file cannot be opened
 * again. Each is logged when it begins, less and less often while it lasts, and when it ends.
 */
export class LogTrouble {
  readonly #file: string;
  readonly #name: string;
  readonly #say: Say;
  /** It counts the lines that are lost. */
  readonly #unwritable: Condition<string>;
  readonly #unopened: Condition<string>;
  #isOver = false;

  constructor({ file, name = file, say, clock = systemClock }: TroubleOptions) {
    this.#file = file;
    this.#name = name;
    this.#say = say;
    this.#unwritable = new Condition({ clock, say: (phase, course) => this.#sayUnwritable(phase, course) });
    this.#unopened = new Condition({ clock, say: (phase, course) => this.#sayUnopened(phase, course) });
  }

  /** Whether lines could not be written the last time. */
  get isUnwritable(): boolean {
    return this.#unwritable.holds;
  }

  /** To be called when a write failed with this code (`ENOSPC`); `lost` more lines were dropped. */
  failed(error: string, lost: number): void {
    this.#unwritable.note(error, lost);
  }

  /** To be called when all that was held is written. */
  written(): void {
    this.#unwritable.end();
  }

  /** To be called when the file could not be opened again; its lines go to the old one. */
  notReopened(error: unknown): void {
    this.#unopened.note(codeOf(error) ?? messageOf(error));
  }

  /** To be called when the file is open again. */
  reopened(): void {
    this.#unopened.end();
  }

  /** To be called when the process ends and what is held is lost. */
  lostAtEnd(error: string, lost: number): void {
    this.#isOver = true;
    this.#unwritable.note(error, lost);
    this.#unwritable.sayNow();
    this.#unwritable.end();
  }

  #sayUnwritable(phase: Phase, { count: lost, durationMs, detail: error }: Course<string>): void {
    const name = this.#name;
    const why = WHY[error] === undefined ? error : `${error}: ${WHY[error]}`;
    const isOver = this.#isOver && phase === 'ends';
    const so = lost === 0 ? 'its lines are held, up to 1 MiB of them' : `${countOf(lost)} lost so far`;
    const line = {
      begins: `Cannot write ${name} (${why}): ${so}`,
      lasts: `Cannot write ${name} for ${seconds(durationMs)} now (${why}): ${so}`,
      ends: `Can write ${name} again, after ${seconds(durationMs)}: ${lost === 0 ? 'no line is' : countOf(lost)} lost`,
      never: `Could not write ${name} before the process exited (${why}): ${countOf(lost)} lost`,
    }[isOver ? 'never' : phase];
    const level = phase === 'ends' && !isOver ? 'info' : 'error';
    this.#say(level, line, { event: 'log-unwritable', phase, file: this.#file, lost, durationMs, error });
  }

  #sayUnopened(phase: Phase, { durationMs, detail: error }: Course<string>): void {
    const name = this.#name;
    const line = {
      begins: `Cannot reopen ${name} (${error}): its lines still go to the old file${CURES[error] ?? ''}`,
      lasts: `Cannot reopen ${name} for ${seconds(durationMs)} now (${error}): its lines still go to the old file`,
      ends: `Reopened ${name}, after ${seconds(durationMs)}`,
    }[phase];
    const level = phase === 'ends' ? 'info' : 'error';
    this.#say(level, line, {
      event: 'log-not-reopened',
      phase,
      file: this.#file,
      durationMs,
      error,
    });
  }
}

const WHY: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'its quota is used up',
  EPIPE: 'its reader has closed it',
  EAGAIN: 'its reader is too slow',
};

const CURES: Readonly<Record<string, string>> = {
  EACCES:
    '; let the tool that rotates it create it for the user of the workers (logrotate: `create 640 USER adm`)',
  EPERM: '; is it immutable (lsattr)?',
  ENOENT: '; its directory is missing; create it again',
  EMFILE: '; no descriptors are left: raise `ulimit -n`',
};

function countOf(lines: number): string {
  return lines === 1 ? '1 line is' : `${lines} lines are`;
}
