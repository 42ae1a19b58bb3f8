import type { Client } from './client.ts';
import { STATUS } from './failure.ts';
import type { Output } from './output.ts';

/** What is written behind a verb without a flag. */
export interface Operand {
  readonly name: string;
  /** A clause without a full stop. */
  readonly doc: string;
  readonly isOptional?: true;
  /** The words that a shell offers for it: a list, the slots of the service, or files. */
  readonly offers?: readonly string[] | 'slots' | 'files';
}

/** A flag: `--wait`, or with a value `--timeout <seconds>`. */
export interface Flag {
  /** With its dashes. */
  readonly name: string;
  readonly short?: string;
  /** What stands for its value; absent where it takes none. */
  readonly value?: string;
  /** A clause without a full stop. */
  readonly doc: string;
}

/** An exit status beyond those that every verb has. */
export interface Exit {
  readonly status: number;
  /** A clause without a full stop. */
  readonly doc: string;
}

/** One command line, read. */
export interface Call {
  readonly operands: readonly string[];
  /** What was given, by the name of its flag; true where it takes no value. */
  readonly flags: ReadonlyMap<string, string | true>;
  /** Whether the answer is wanted as JSON. */
  readonly json: boolean;
  readonly out: Output;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /** The service that the flags choose. Rejects with a Failure. */
  readonly service: () => Promise<Client>;
}

/** A command of tsunicornctl: the one description from which its help, its completion and its documentation follow. */
export interface Verb {
  readonly name: string;
  /** A clause without a full stop. */
  readonly summary: string;
  /** More, in Markdown: whole sentences. */
  readonly doc?: string;
  readonly operands?: readonly Operand[];
  readonly flags?: readonly Flag[];
  readonly exits?: readonly Exit[];
  /** Resolves with the exit status. What it rejects with is printed: a Failure as one line. */
  readonly run: (call: Call) => Promise<number>;
}

/** The statuses that each verb can end with. */
export const COMMON_EXITS: readonly Exit[] = [
  { status: STATUS.done, doc: 'done' },
  { status: STATUS.refused, doc: 'refused, or a wrong command line' },
  { status: STATUS.noService, doc: 'no service was found, or it does not answer' },
];
