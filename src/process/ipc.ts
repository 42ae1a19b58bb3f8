import type { WaitingRequest } from '../flights/table.ts';
import type { LostRequest } from '../log/access-lost.ts';
import type { Followed } from '../log/ring/ring-log.ts';
import type { Measured } from '../metrics/measured.ts';
import type { Settings } from '../settings/catalogue/catalogue.ts';
import type { HookName } from '../settings/hooks.ts';
import type { LogLevel } from '../support/logger.ts';
import type { Place } from '../support/place.ts';
import type { RequestTags } from '../support/request-id.ts';
import type { Identity } from './privileges/identity.ts';

// The discriminant is called `tsunicorn`, so that a message of the application (process.send()) is not taken for ours.

/** What a worker tells the arbiter: facts. */
export type WorkerMessage =
  /** Signal handlers are in place: from here on the worker may be signalled. */
  | { readonly tsunicorn: 'hello' }
  /** The application is loaded and no socket is open: with `spareWorkers` every worker waits here for `accept`. */
  | { readonly tsunicorn: 'standby' }
  /**
   * The application is loaded and every listener accepts; `urls` in the order of the binds, `app` is the file that it was
   * loaded from, without links.
   */
  | { readonly tsunicorn: 'ready'; readonly urls: readonly string[]; readonly app?: string }
  /** `load` is there only where the service scales by it. */
  | { readonly tsunicorn: 'heartbeat'; readonly load?: WorkerLoad }
  | ({ readonly tsunicorn: 'bootFailed' } & BootFailure)
  | FilesLoaded
  | LoadedCode
  /** The worker goes on serving and asks to be replaced. */
  | { readonly tsunicorn: 'outgoing'; readonly reason: string; readonly by: Instigator }
  /** The worker has stopped accepting without being told to, and will exit. */
  | { readonly tsunicorn: 'leaving'; readonly reason: string; readonly by: Instigator }
  | Stalled
  | Blocked
  | Unblocked
  /** It retires, is held, and has finished what it accepted. */
  | { readonly tsunicorn: 'drained' }
  | MemorySeen
  | Ending
  /** The event loop turns while the worker boots. */
  | { readonly tsunicorn: 'loading' }
  /** The watchdog's: the event loop is silent, but a debugger may hold it, which is no reason to kill it. */
  | { readonly tsunicorn: 'debugged' }
  | FlightsChanged
  /** The watchdog's: lines of the access log for syslog, which the worker itself cannot send any more. */
  | { readonly tsunicorn: 'accessLines'; readonly lines: readonly string[] }
  | Accounted
  | ListenMessage
  | Inspected
  /** All numbers that the worker counts, where it cannot write them to a file: at most once a second. */
  | { readonly tsunicorn: 'counts'; readonly values: readonly number[] }
  /** What the application measures by `tsunicorn/metrics`: once a second. */
  | { readonly tsunicorn: 'measured'; readonly measured: Measured };

/**
 * What a worker tells of a listen() of the application. `place` is what was asked for ("port 9090 of 127.0.0.1"), which is
 * the same in each worker.
 */
export type ListenMessage =
  /** The worker has bound it; the socket comes with the message. */
  | {
      readonly tsunicorn: 'bound';
      readonly place: string;
      /** What a client would be told. */
      readonly url: string;
      readonly role: ListenRole;
    }
  /** The worker uses the socket of that place that it was handed when it was spawned. */
  | { readonly tsunicorn: 'took'; readonly place: string; readonly role: ListenRole }
  /** The application has closed its server there, and the worker goes on. */
  | { readonly tsunicorn: 'released'; readonly place: string }
  /** Another process has the address. Perhaps the arbiter does, whose answer has the same `id`. */
  | {
      readonly tsunicorn: 'wanted';
      readonly place: string;
      /** Null for a path. */
      readonly port: number | null;
      readonly id: number;
    };

/** What the application listens for: `main` is where the service serves, `side` is beside that. */
export type ListenRole = 'main' | 'side';

/** Why a worker leaves without being told to: by its own decision, or because somebody sent it a signal, which is no failure. */
export type Instigator = 'itself' | 'signal';

/** How busy a worker was since it reported last. */
export interface WorkerLoad {
  /** 0 to 1. */
  readonly utilisation: number;
  readonly inFlight: number;
}

/**
 * Sent by the watchdog: what has changed in the requests in flight since its last report. If the worker is killed from
 * outside, this is all that is known of them.
 */
export interface FlightsChanged {
  readonly tsunicorn: 'flights';
  readonly began: readonly ReportedFlight[];
  readonly changed: readonly Pick<ReportedFlight, 'id' | 'status' | 'ended' | 'bytes'>[];
  /** The ids of those of which the worker has written the line, or is about to. */
  readonly over: readonly number[];
}

/** A request in flight; `startedMs` is of Date.now(). */
export interface ReportedFlight extends LostRequest {
  readonly id: number;
  readonly startedMs: number;
}

/** The watchdog's: the worker may be killed, as the lines of its requests are written; `complete` is whether of all. */
export interface Accounted {
  readonly tsunicorn: 'accounted';
  readonly complete: boolean;
}

/** What the arbiter tells a watchdog through its pipe: write the lines of the requests in flight, which end for this reason. */
export interface AccountCommand {
  readonly tsunicorn: 'account';
  readonly reason: string;
}

/**
 * What the arbiter asks of a worker on behalf of an operator: through the watchdog's pipe, where the worker has a watchdog
 * that runs, which answers though the event loop is blocked; else through the channel. `id` comes back with the answer.
 */
export type InspectCommand = {
  readonly tsunicorn: 'inspect';
  readonly id: number;
} & Inspection;

/** What is to be found out about the threads of a worker, which goes on meanwhile. */
export type Inspection =
  /** Where each thread is; the answer is a StackSeen as JSON. */
  | { readonly what: 'stack' }
  /** What a thread spends its time on; null is the main thread. The answer is a .cpuprofile. */
  | { readonly what: 'profile'; readonly durationMs: number; readonly threadId: number | null }
  /** What there is to be written of the heap of a thread to that file; the answer is a HeapRoom as JSON. */
  | { readonly what: 'heapRoom'; readonly file: string; readonly threadId: number | null }
  /**
   * Writes the heap of a thread to `unfinished` and renames that to `file`, absolute paths in one directory; the answer is
   * its length in bytes. The thread does nothing else meanwhile.
   */
  | {
      readonly what: 'heap';
      readonly file: string;
      readonly unfinished: string;
      readonly threadId: number | null;
    };

/** What there is to be written of a heap, and where. */
export interface HeapRoom {
  /** Of the heap that are in use. */
  readonly usedBytes: number;
  /** Of the file system that are left to the user of the worker. */
  readonly freeBytes: number;
}

/**
 * Do not end for so long, and let no time limit pass; 0 ends that. To the watchdog, and through the channel, as a worker
 * that has finished its requests waits for it too.
 */
export interface Hold {
  readonly tsunicorn: 'hold';
  readonly forMs: number;
}

/** Nobody waits for that answer any more. */
export interface StopInspecting {
  readonly tsunicorn: 'stopInspecting';
  readonly id: number;
}

/** What the arbiter tells a watchdog through its pipe. */
export type WatchdogCommand = AccountCommand | InspectCommand | StopInspecting | Hold;

/** The answer to `inspect`, in parts: those of `more` and the one of `done` make up the text; or a line that says why there is none. */
export interface Inspected {
  readonly tsunicorn: 'inspected';
  readonly id: number;
  readonly end: 'more' | 'done' | 'failed';
  readonly text: string;
}

/** What the threads of a worker were doing. */
export interface StackSeen extends Pick<BlockSeen, 'requests' | 'waiting'> {
  /** How long it took to find out. */
  readonly tookMs: number;
  /** The main thread is the first. */
  readonly threads: readonly ThreadSeen[];
}

/** What one thread was doing. */
export interface ThreadSeen {
  /** Node's id; 0 is the main thread. */
  readonly threadId: number;
  /** What the thread is called; empty where it has no name. */
  readonly name: string;
  /**
   * `running` JavaScript; `idle`, as its event loop waits; in `native` code, which includes a process that is stopped or
   * gets no processor: nothing answers there.
   */
  readonly state: 'running' | 'idle' | 'native';
  /** As in StallSeen; empty unless it runs. */
  readonly stack: readonly string[];
}

/** Why a worker is not ready: a line for the operator, the exit status, and where in the user's code it failed, if known. */
export interface BootFailure {
  readonly exitStatus: number;
  readonly message: string;
  /** `TSU0508`, where the kind of mistake has one. */
  readonly code?: string;
  readonly stack?: string;
  /** In development only. */
  readonly place?: Place;
}

/** In development: what the application has loaded, or tried to. All paths are absolute. */
export interface FilesLoaded {
  readonly tsunicorn: 'loaded';
  readonly files: readonly string[];
  /** Where files were looked for that do not exist. */
  readonly missing: readonly string[];
  /** Date.now() before the first of the files was read. */
  readonly atMs: number;
}

/** What the application was loaded from, a moment after that; all paths are absolute, and without links. */
export interface LoadedCode {
  readonly tsunicorn: 'code';
  /** The module of the application itself. */
  readonly entry: string;
  /** Of all the files. */
  readonly hash: string;
  /** Each file with what tells its versions apart; null where it is all as the boot order's `code` has it. */
  readonly files: Readonly<Record<string, string>> | null;
}

/** The watchdog's: the event loop is blocked and stays so; the arbiter is to kill the worker. */
export interface Stalled {
  readonly tsunicorn: 'stalled';
  readonly blockedMs: number;
  /** The setting whose time was over. */
  readonly limit: 'timeout' | 'gracefulTimeout';
  readonly seen: StallSeen;
  /** Whether the lines of all requests are in the access log. */
  readonly accessComplete: boolean;
}

/** What a blocked event loop was doing. */
export interface StallSeen {
  /** `at name (file:line:column)`, the innermost first; null where it is blocked in native code. */
  readonly stack: readonly string[] | null;
  /** It could not be looked at, as our own files are gone: whether it is in native code is not known. */
  readonly unseen?: true;
  readonly requests: readonly StalledRequest[];
  /** How many more requests there were. */
  readonly omitted: number;
  /** Connections from which nothing had been read yet; they were answered like the waiting requests. */
  readonly unread: number;
}

/** A request that was not answered in full, as plain data. */
export interface StalledRequest extends RequestTags {
  readonly method: string;
  readonly path: string;
  readonly ageMs: number;
  /**
   * What its client got: a 503 just now, a part of its answer earlier, nothing as another answer is before it, or nothing
   * as the loop is blocked in native code, or the request is of HTTP/2.
   */
  readonly got: '503' | 'part' | 'nothing' | 'cut';
}

/**
 * Sent by the watchdog while it lasts: the event loop is blocked, and nothing is done about it. `seen` is set in the first
 * report.
 */
export interface Blocked {
  readonly tsunicorn: 'blocked';
  readonly blockedMs: number;
  readonly seen: BlockSeen | null;
}

/** The watchdog's: an event loop that was said to be blocked runs again. */
export interface Unblocked {
  readonly tsunicorn: 'unblocked';
  readonly blockedMs: number;
}

/** Sent by the watchdog when it has changed: the memory of the process, and its heap when its loop last ran. */
export interface MemorySeen {
  readonly tsunicorn: 'memory';
  readonly rssBytes: number;
  readonly heapBytes: number;
  /** As --max-old-space-size has it; null where Node decides. */
  readonly heapLimitBytes: number | null;
}

/**
 * The process is about to end by `call`, at `place`; null where that is not known. `requests` are in flight, the oldest first;
 * `waiting` is how many in all.
 */
export interface Ending {
  readonly tsunicorn: 'ending';
  readonly call: 'process.exit()' | 'process.abort()';
  readonly place: { readonly file: string; readonly line: number; readonly column: number | null } | null;
  readonly requests: readonly WaitingRequest[];
  readonly waiting: number;
}

/** What a blocked event loop is doing. */
export interface BlockSeen {
  /** As in StallSeen; null where it is blocked in native code, or did not stop to be looked at. */
  readonly stack: readonly string[] | null;
  /** Those that came last, which the loop may be busy with, are the first. */
  readonly requests: readonly WaitingRequest[];
  /** How many requests wait, those in `requests` included. */
  readonly waiting: number;
}

/** Everything a worker needs to know to boot; it is the first message it gets. */
export interface BootSpec {
  readonly tsunicorn: 'boot';
  readonly settings: Settings;
  /** Absolute; the worker imports it again where `hookNames` has a hook of its side, as functions cannot travel. */
  readonly configFile: string | null;
  /** The export in it that is meant; null is the default export. */
  readonly profile: string | null;
  readonly hookNames: readonly HookName[];
  readonly listeners: readonly HandedListener[];
  /** What the listeners are, if nothing but the program says where the service listens. */
  readonly address: AddressSource;
  /** The sockets of other listens of the application. */
  readonly sides: readonly HandedSide[];
  /** The watchdog's pipe, as its number in the worker; null where there is to be no watchdog. */
  readonly watchdogFd: number | null;
  readonly generation: number;
  readonly age: number;
  /** Null where it is told with `accept`. */
  readonly slot: number | null;
  /** The hash of what the first worker of the generation has loaded; null where none has yet. */
  readonly code: string | null;
  /** In development: the application cannot be loaded, so this is to be shown in its place. */
  readonly failure: BootFailure | null;
  /** As whom the worker must be running; null where it runs as the arbiter does. */
  readonly identity: Identity | null;
  readonly standards: Standards;
  /** Where it writes what it logs for who asks, as a descriptor in the worker; absent where nobody can. */
  readonly ringFd?: number;
  /** Where the worker counts; absent where nobody asks for figures. */
  readonly counters?: CountersSpec;
  /** Absent where no client speaks TLS. */
  readonly tls?: TlsSpec;
}

/** What a worker needs to end TLS; it is never written anywhere. */
export interface TlsSpec {
  /** On every listener; otherwise on those that say so. */
  readonly isEverywhere: boolean;
  readonly material: TlsMaterial;
  /** 48 bytes in base64, the same in all workers, so that each can resume the sessions of the others. */
  readonly ticketKeys: string;
}

/** Certificates and keys, as they were read from the files of the settings. */
export interface TlsMaterial {
  /** The first is for clients that ask for no name, or another one. */
  readonly certificates: readonly TlsCertificate[];
  /** The authorities of clients (PEM), and what they have revoked. */
  readonly ca: string | null;
  readonly crl: string | null;
}

export interface TlsCertificate {
  /** PEM. */
  readonly cert: string;
  readonly key: string;
  /** The names that it is for, in lower case, such as `example.org` and `*.example.org`. */
  readonly names: readonly string[];
  /** The OCSP response in base64. */
  readonly ocsp: string | null;
}

/** Where a worker writes what it counts: a descriptor in the worker, null where it sends it, and the position in bytes. */
export interface CountersSpec {
  readonly fd: number | null;
  readonly position: number;
}

/**
 * Who says where the service listens: the settings (`given`), or the program, which is asked for it (`asked`: the listeners
 * are those of the generation before), or has told it in another worker (`known`).
 */
export type AddressSource = 'given' | 'asked' | 'known';

/** The descriptors that `-` stands for in the log settings. */
export interface Standards {
  readonly stdout: number;
  readonly stderr: number;
}

/** A bound socket as the worker inherits it: `fd` is the number in the worker. */
export interface HandedListener {
  readonly fd: number;
  readonly kind: 'tcp' | 'unix' | 'abstract' | 'fd';
  /** As the operator wrote it, for error lines. */
  readonly source: string;
  /** What a client would be told. */
  readonly url: string;
  /** Its own length of the kernel's queue, in place of the setting. */
  readonly backlog?: number;
  /** What the program asked for, if it was not the settings that named the address. */
  readonly place?: string;
  /** Clients speak TLS there, where they do not everywhere. */
  readonly isTls?: true;
}

/** A socket beside those of the service, as the worker inherits it. */
export interface HandedSide {
  readonly fd: number;
  /** What the application asked for. */
  readonly place: string;
}

/** What the arbiter tells a worker: imperatives. */
export type ArbiterMessage =
  | BootSpec
  /** Open the sockets and serve in that slot; sent to a worker in standby. */
  | { readonly tsunicorn: 'accept'; readonly slot: number }
  /** The service is about to stop: go on serving, but answer at the ready path that no new clients should come. */
  | { readonly tsunicorn: 'linger' }
  | ({ readonly tsunicorn: 'retire' } & Retirement)
  /** Exit now. */
  | { readonly tsunicorn: 'quit' }
  | { readonly tsunicorn: 'reopenLogs' }
  /** Log from this level up. */
  | { readonly tsunicorn: 'logLevel'; readonly level: LogLevel }
  /** What is to be in its ring beyond what is in its log; null is nothing. */
  | { readonly tsunicorn: 'follow'; readonly followed: Followed | null }
  | InspectCommand
  | StopInspecting
  | Hold
  | TlsChange
  | SocketAnswer;

/** For new connections from now on; sessions that were begun before go on. */
export type TlsChange =
  | { readonly tsunicorn: 'certificates'; readonly material: TlsMaterial }
  | { readonly tsunicorn: 'ticketKeys'; readonly ticketKeys: string };

/**
 * The answer to `wanted`. With `given` the socket comes along, which listens at `url`; `later` means that another worker
 * may be about to send it.
 */
export interface SocketAnswer {
  readonly tsunicorn: 'socket';
  readonly id: number;
  readonly answer: 'given' | 'later' | 'none';
  readonly url: string | null;
}

/** Stop accepting, finish, exit within `graceMs`; with `emptyQueue` first take what the kernel has queued. */
export interface Retirement {
  readonly purpose: RetirePurpose;
  readonly emptyQueue: boolean;
  readonly graceMs: number;
}

/**
 * Why a worker retires. It decides how long its idle connections wait for a request: most of the grace where others serve
 * (`replace`), a few seconds where it should be gone soon all the same (`hurry`), a second where the service stops (`stop`).
 * A worker that is retiring already takes the more urgent purpose; nothing else changes.
 */
export type RetirePurpose = (typeof PURPOSES)[number];

const PURPOSES = ['replace', 'hurry', 'stop'] as const;

/** The more urgent of two purposes. */
export function moreUrgent(one: RetirePurpose, other: RetirePurpose): RetirePurpose {
  return PURPOSES.indexOf(other) > PURPOSES.indexOf(one) ? other : one;
}

type Check = (value: unknown) => boolean;

const isText: Check = (value) => typeof value === 'string';
const isNumber: Check = (value) => typeof value === 'number';
const isTexts: Check = (value) => Array.isArray(value) && value.every(isText);
const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);
const orNull =
  (check: Check): Check =>
  (value) =>
    value === null || check(value);
const having =
  (fields: Fields): Check =>
  (value) =>
    isObject(value) && hasFields(value, fields);

const isTextTable: Check = (value) => isObject(value) && Object.values(value).every(isText);

type Fields = Readonly<Record<string, Check>>;

const isInstigator: Check = (value) => value === 'itself' || value === 'signal';
const isRole: Check = (value) => value === 'main' || value === 'side';
const isFlag: Check = (value) => typeof value === 'boolean';
const everyOne =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);
const progress = { id: isNumber, status: isNumber, ended: isFlag, bytes: isNumber };
const isFlight = having({
  ...progress,
  ...{ method: isText, url: isText, cut: isFlag, remote: isText, protocol: isText, startedMs: isNumber },
  ...{ requestId: isText, traceId: isText },
});
const tags = { requestId: optional(isText), traceId: optional(isText) };
const isWaiting = having({ method: isText, path: isText, ageMs: isNumber, ...tags });
const blockSeen = { stack: orNull(isTexts), requests: everyOne(isWaiting), waiting: isNumber };
const isSeries: Check = (value) =>
  Array.isArray(value) && value.length === 2 && isTexts(value[0]) && everyOne(isNumber)(value[1]);
const MEASURE_TYPES = new Set(['counter', 'gauge', 'histogram', 'summary']);
const isMeasure = having({
  name: isText,
  type: (value) => MEASURE_TYPES.has(value as string),
  help: isText,
  labels: isTexts,
  bounds: everyOne(isNumber),
  series: everyOne(isSeries),
});
const isRequests: Check = (value) => Array.isArray(value) && value.every(isObject);

/** What the arbiter relies on in each message: whatever runs in a worker can write to the channel. */
const workerFields = new Map<string, Fields>([
  ['hello', {}],
  ['standby', {}],
  ['ready', { urls: isTexts, app: optional(isText) }],
  ['heartbeat', { load: optional(having({ utilisation: isNumber, inFlight: isNumber })) }],
  [
    'bootFailed',
    {
      exitStatus: Number.isInteger,
      message: isText,
      stack: optional(isText),
      place: optional(having({ lines: isTexts })),
    },
  ],
  ['loaded', { files: isTexts, missing: isTexts, atMs: isNumber }],
  ['code', { entry: isText, hash: isText, files: (value) => value === null || isTextTable(value) }],
  ['outgoing', { reason: isText, by: isInstigator }],
  ['leaving', { reason: isText, by: isInstigator }],
  [
    'stalled',
    {
      blockedMs: isNumber,
      limit: isText,
      accessComplete: isFlag,
      seen: having({
        stack: orNull(isTexts),
        unseen: optional(isFlag),
        requests: isRequests,
        omitted: isNumber,
        unread: isNumber,
      }),
    },
  ],
  ['blocked', { blockedMs: isNumber, seen: orNull(having(blockSeen)) }],
  ['unblocked', { blockedMs: isNumber }],
  ['drained', {}],
  ['memory', { rssBytes: isNumber, heapBytes: isNumber, heapLimitBytes: orNull(isNumber) }],
  [
    'ending',
    {
      call: isText,
      place: orNull(having({ file: isText, line: isNumber, column: orNull(isNumber) })),
      requests: everyOne(isWaiting),
      waiting: isNumber,
    },
  ],
  ['loading', {}],
  ['debugged', {}],
  ['flights', { began: everyOne(isFlight), changed: everyOne(having(progress)), over: everyOne(isNumber) }],
  ['accessLines', { lines: isTexts }],
  ['accounted', { complete: isFlag }],
  ['counts', { values: everyOne(isNumber) }],
  [
    'measured',
    {
      measured: having({
        measures: everyOne(isMeasure),
        failing: isTextTable,
        folded: isNumber,
        checks: optional(isNumber),
      }),
    },
  ],
  ['inspected', { id: isNumber, end: isText, text: isText }],
  ['bound', { place: isText, url: isText, role: isRole }],
  ['took', { place: isText, role: isRole }],
  ['released', { place: isText }],
  ['wanted', { place: isText, port: orNull(isNumber), id: isNumber }],
]);
const arbiterTypes = new Set([
  ...['boot', 'accept', 'linger', 'retire', 'quit', 'reopenLogs', 'logLevel', 'socket'],
  ...['inspect', 'stopInspecting', 'hold', 'follow', 'certificates', 'ticketKeys'],
]);

/** Whether a message on the channel is a worker's; applications send messages of their own (`process.send('ready')`). */
export function isWorkerMessage(value: unknown): value is WorkerMessage {
  const fields = workerFields.get(typeOf(value));
  return fields !== undefined && having(fields)(value);
}

/** Whether a message on the channel is the arbiter's. */
export function isArbiterMessage(value: unknown): value is ArbiterMessage {
  return arbiterTypes.has(typeOf(value));
}

function hasFields(value: object, fields: Fields): boolean {
  return Object.entries(fields).every(([name, check]) => check(Reflect.get(value, name)));
}

function typeOf(value: unknown): string {
  if (!isObject(value) || !('tsunicorn' in value)) return '';
  return typeof value.tsunicorn === 'string' ? value.tsunicorn : '';
}
