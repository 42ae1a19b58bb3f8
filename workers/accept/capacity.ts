import type { Socket } from 'node:net';
import type { Connections } from '../../src/http/connections.ts';
import { Condition, type Course, type Phase } from '../../src/log/condition.ts';
import type { Census } from '../../src/log/records/record.ts';
import type { WorkerLog } from '../../src/log/records.ts';
import { fs } from '../../src/support/builtins.ts';
import { type Clock, every } from '../../src/support/clock.ts';
import { seconds } from '../../src/support/duration.ts';
import { codeOf } from '../../src/support/errors.ts';
import { filesInReserve, MORE_FILES, openFilesLimit } from '../../src/support/open-files.ts';
import { descriptorOf } from './descriptor.ts';

/** The original functions: tracing or retries in the application may replace them later. */
const { openSync, closeSync } = fs;

/** How often the worker checks whether a file can be opened. */
const CHECK_EVERY_MS = 1000;
/** How many files it tries to open then: one descriptor alone would not show how many more are free. */
const ENOUGH = 8;
/** A condition must not hold for this long to be over, since a worker at its limit reaches it again and again. */
const QUIET_MS = 2 * CHECK_EVERY_MS;

export interface CapacityOptions {
  /** --worker-connections. */
  readonly limit: number;
  readonly connections: Connections;
  readonly log: WorkerLog;
  readonly clock: Clock;
  /** Called when there may be room again although no connection has closed. */
  readonly changed: () => void;
  /** How many files may be open. */
  readonly files?: number;
}

/** Why nothing is accepted: too few files can be opened, or none at all, with the code of that error. */
type Shortage = 'few' | 'EMFILE' | 'ENFILE';

type State =
  | { readonly name: 'free' }
  | { readonly name: 'short'; readonly why: Shortage }
  /** A connection has closed during a shortage: one may be accepted in its place. */
  | { readonly name: 'one' }
  | { readonly name: 'closed' };

/**
 * Whether a worker can take another connection, by its own limit and by that of open files; while it cannot, the log says
 * so. Without a free descriptor, libuv accepts what the kernel has queued and silently closes it at once. Accepting stops
 * before that, so that other workers can take it.
 */
export class Capacity {
  readonly #options: CapacityOptions;
  /** Descriptors from this number on are reserved for other files; the kernel gives the lowest that is free. */
  readonly #lastFd: number;
  readonly #files: number;
  readonly #full: Condition;
  readonly #shortage: Condition<Shortage>;
  readonly #stopChecking: () => void;
  #state: State = { name: 'free' };
  /** Closed while a line is logged: to log its first line, a worker may have to load code from the disk. */
  #spare = spareDescriptor();

  constructor(options: CapacityOptions) {
    this.#options = options;
    const { files = openFilesLimit(), clock } = options;
    this.#files = files;
    this.#lastFd = files - filesInReserve(files);
    const common = { clock, quietMs: QUIET_MS };
    this.#full = new Condition({ ...common, say: (phase, course) => this.#sayFull(phase, course) });
    this.#shortage = new Condition({ ...common, say: (phase, course) => this.#sayShort(phase, course) });
    this.#stopChecking = every(clock, CHECK_EVERY_MS, () => this.#check());
  }

  get isFull(): boolean {
    return this.#state.name === 'short' || this.#options.connections.size >= this.#options.limit;
  }

  /** To be called when a connection was accepted and counted. */
  opened(socket: Socket): void {
    if (this.#state.name === 'one' || (descriptorOf(socket) ?? 0) >= this.#lastFd) this.#runShort('few');
    if (this.#options.connections.size >= this.#options.limit) this.#full.note();
  }

  /** To be called when a connection has closed. Where no descriptor was left, another file may have taken its own already. */
  freed(): void {
    if (this.#state.name === 'short' && this.#state.why === 'few') this.#state = { name: 'one' };
  }

  /** To be called when the worker stops accepting for good. */
  close(): void {
    this.#state = { name: 'closed' };
    this.#stopChecking();
    this.#full.end();
    this.#shortage.end();
  }

  #check(): void {
    const { connections, limit, changed } = this.#options;
    if (connections.size >= limit) this.#full.note();
    const why = shortage(this.#lastFd);
    if (why === null) return this.#recovered();
    this.#runShort(why);
    // Whatever else holds the files, one connection at a time is served.
    if (why === 'few' && connections.size === 0) {
      this.#state = { name: 'one' };
      changed();
    }
  }

  #recovered(): void {
    if (this.#state.name === 'free') return;
    this.#state = { name: 'free' };
    this.#options.changed();
  }

  #runShort(why: Shortage): void {
    if (this.#state.name === 'closed') return;
    this.#state = { name: 'short', why };
    this.#options.changed();
    this.#shortage.note(why);
  }

  #sayFull(phase: Phase, { durationMs }: Course<void>): void {
    if (this.#state.name === 'closed') return;
    const { connections, limit, log } = this.#options;
    const census = connections.census();
    const fields = {
      event: 'connections-full',
      phase,
      count: connections.size,
      durationMs,
      connections: census,
    } as const;
    if (phase === 'ends')
      return log.info(`Connections are accepted again, after ${seconds(durationMs)}`, fields);
    const lasting = phase === 'lasts' ? `, for ${seconds(durationMs)} now` : '';
    log.warning(
      `${connections.size} of ${limit} connections (--worker-connections) are taken${lasting}: ${describe(census)}; new connections wait for another worker`,
      fields,
    );
  }

  #sayShort(phase: Phase, course: Course<Shortage>): void {
    if (this.#state.name === 'closed') return;
    if (this.#spare !== null) closeSync(this.#spare);
    this.#writeShort(phase, course);
    this.#spare = spareDescriptor();
  }

  #writeShort(phase: Phase, { durationMs, detail }: Course<Shortage>): void {
    const { connections, log } = this.#options;
    const count = connections.size;
    const fields = { event: 'open-files-full', phase, count, durationMs } as const;
    if (phase === 'ends') return log.info(`Files can be opened again, after ${seconds(durationMs)}`, fields);
    if (detail === 'few')
      return log.warning(
        `The limit of open files is almost reached (${this.#files}), so this worker holds no more than its ${count} connections; ${MORE_FILES}, or lower --worker-connections`,
        fields,
      );
    const whose = detail === 'EMFILE' ? `${this.#files} in this process` : 'that of the machine';
    log.error(
      `The limit of open files is reached (${detail}: ${whose}), so nothing is accepted, and the latest connections may have been closed without an answer; ${MORE_FILES}`,
      { ...fields, error: detail },
    );
  }
}

/** Tries to open files; null where enough of them get descriptors below `lastFd`. */
function shortage(lastFd: number): Shortage | null {
  const opened: number[] = [];
  try {
    while (opened.length < ENOUGH) opened.push(openSync('/dev/null', 'r'));
    return opened.some((fd) => fd >= lastFd) ? 'few' : null;
  } catch (error) {
    const code = codeOf(error);
    // Other errors, such as a missing /dev/null, say nothing about descriptors.
    if (code !== 'EMFILE' && code !== 'ENFILE') return null;
    return opened.length > 0 ? 'few' : code;
  } finally {
    for (const fd of opened) closeSync(fd);
  }
}

function spareDescriptor(): number | null {
  try {
    return openSync('/dev/null', 'r');
  } catch {
    // None is free, or there is no such file.
    return null;
  }
}

const STAGES: Readonly<Record<keyof Census, string>> = {
  answering: 'with a request',
  idle: 'idle between requests',
  sendingHeaders: 'still sending their headers',
  silent: 'have sent nothing yet',
  webSockets: 'WebSockets',
};

function describe(census: Census): string {
  const stages = Object.entries(STAGES) as [keyof Census, string][];
  return stages
    .flatMap(([stage, words]) => (census[stage] > 0 ? [`${census[stage]} ${words}`] : []))
    .join(', ');
}
