import type { LogLevel } from '../../support/logger.ts';
import type { Phase } from '../condition.ts';

/** A worker in a record; `pid` is null where no process could be started. */
export interface WorkerField {
  readonly pid: number | null;
  readonly slot: number | null;
  readonly age: number;
  readonly generation: number;
}

/** A companion in a record; `pid` is null where no process could be started, or none is meant. */
export interface CompanionField {
  readonly name: string;
  readonly index: number;
  readonly pid: number | null;
  readonly generation: number;
}

/** How many connections are at what: `silent` ones have sent nothing yet, `idle` ones have their answers. */
export interface Census {
  readonly answering: number;
  readonly idle: number;
  readonly sendingHeaders: number;
  readonly silent: number;
  readonly webSockets: number;
}

/** What the fields hold that records share. */
export interface FieldTypes {
  readonly worker: WorkerField;
  readonly companion: CompanionField;
  readonly stream: 'stdout' | 'stderr';
  readonly generation: number | null;
  readonly phase: Phase;
  readonly count: number;
  readonly durationMs: number;
  readonly retryMs: number;
  readonly reason: string;
  readonly signal: string;
  readonly exitStatus: number;
  readonly code: string;
  readonly cause: string;
  readonly causes: Readonly<Record<string, number>>;
  readonly accessComplete: boolean;
  readonly requests: readonly object[] | null;
  readonly request: { readonly method: string | undefined; readonly path: string | undefined };
  readonly memory: {
    readonly rssBytes: number;
    readonly heapBytes: number;
    readonly heapLimitBytes: number | null;
    readonly ageMs: number;
  };
  readonly place: { readonly file: string; readonly line: number; readonly column: number | null };
  readonly stack: readonly string[] | null;
  readonly threadId: number;
  readonly queued: number;
  readonly setting: string;
  readonly limit: string | null;
  readonly connections: Census;
  readonly workers: { readonly wanted: number; readonly ready: number };
  readonly addresses: readonly string[];
  readonly version: string;
  readonly class: string;
  readonly file: string;
  readonly files: readonly string[];
  readonly bytes: number;
  readonly lost: number;
  readonly utilisation: number;
  readonly inFlight: number;
  readonly ageMs: number;
  readonly thread: 'blocked' | 'waiting' | 'silent' | 'unseen';
  readonly error: string;
  readonly client: string | null;
  readonly hook: string;
  readonly arbiter: number;
  readonly command: string;
  readonly daysLeft: number;
}

export type FieldName = keyof FieldTypes;

/** What each of them means, for the page. */
export const FIELD_DOCS: Readonly<Record<FieldName, string>> = {
  worker:
    'the worker that the record is about: `pid` (null if no process could be started), `slot` (null while it stands by), `age`, `generation`',
  companion:
    'the companion that the record is about: `name`, `index` (from 0 to its `count` less 1), `pid` (null if no process is meant), `generation`',
  stream: 'the stream that a companion wrote to: `stdout` or `stderr`',
  generation: 'the number of a generation, which rises with each reload; null if it has none yet',
  phase:
    'of a condition that lasts: `begins`; `lasts`, repeated at growing intervals of at least a second; `ends`',
  count: 'how many, or how often since it began',
  durationMs: 'how long it took, or has lasted so far, in milliseconds',
  retryMs: 'how long until the next try, in milliseconds; 0 is at once',
  reason: 'why, in words',
  signal: 'a signal, such as `SIGTERM`',
  exitStatus: 'the exit status of a process',
  code: 'the [kind of mistake](errors.md), such as `TSU0508`',
  cause: 'how a worker ended: [Ends of workers](#ends-of-workers)',
  causes: 'how many workers ended for each cause',
  accessComplete: 'false if requests of the worker may be missing from the access log',
  requests: 'the requests that were in flight: `method`, `path`, `ageMs`, …; null if they cannot be known',
  request: 'one request: `method`, `path`',
  memory:
    'the memory of a worker, `ageMs` before its end: `rssBytes`; of its JavaScript heap `heapBytes` in use and `heapLimitBytes`, null if Node decides',
  place: 'a place in the code of the application: `file`, `line`, `column`',
  threadId:
    'a thread of a worker of class `thread`, by the number that Node gives it; `requests` are those of the thread, first the one that runs',
  queued: 'how many requests wait for any thread',
  stack: 'where the event loop was blocked, the innermost frame first; null if it cannot be known',
  setting: 'the setting that caused it, as a command-line option',
  limit: 'the setting that ends what waits, as a command-line option; null if none does',
  connections:
    'how many connections of the worker are in which state: `answering`, `idle`, `sendingHeaders`, `silent`, `webSockets`',
  workers: 'how many workers are `wanted`, and how many are `ready`',
  addresses: 'the addresses that the service listens on',
  version: 'the version of tsunicorn',
  class: 'the worker class: `async`, `sync` or `thread`',
  file: 'a file, or `-` for a standard stream',
  files: 'files',
  bytes: 'the length of a file',
  lost: 'how many lines were lost',
  utilisation:
    'the share of time, from 0 to 1, in which the event loops of the workers were busy, on average',
  inFlight: 'how many requests a worker had in flight, on average',
  ageMs: 'how long ago the request came, in milliseconds',
  thread:
    'what the thread did: `blocked` (by JavaScript: `stack`), `waiting`, `silent` (in native code, or without a processor), `unseen` (its stack could not be read)',
  error: 'the code of a system error, such as `ENOSPC`',
  client: 'the address of a client; null on a Unix socket',
  hook: 'the name of a hook',
  arbiter: 'the process id of the other arbiter of an upgrade',
  command: 'what was asked for at the control socket, such as `scale?count=4`',
  daysLeft: 'how many whole days a certificate is still valid; less than 0 where it has expired',
};

/** One kind of record. */
export interface RecordSpec {
  readonly level: LogLevel | readonly LogLevel[];
  /** What every record of this kind has. */
  readonly fields: readonly FieldName[];
  /** What some have. */
  readonly may?: readonly FieldName[];
  /** When it is written: a clause without a full stop. */
  readonly when: string;
}

/** Kinds of records by their `event`. */
export type RecordTable = Readonly<Record<string, RecordSpec>>;
