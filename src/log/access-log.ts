import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { FlightTable } from '../flights/table.ts';
import { messageOf, UsageError } from '../support/errors.ts';
import { clientOf, clientOn } from '../support/origin.ts';
import { queueMsOf } from '../support/queue-time.ts';
import { knownIdOf, requestIdOf, traceParentOf } from '../support/request-id.ts';
import { tlsFacts } from '../support/tls-facts.ts';
import { type AccessFormat, type Entry, RequestEntry, UNANSWERED } from './access-entry.ts';
import { compileFormat } from './access-format.ts';
import { refusedEntry } from './access-lost.ts';
import { TunnelEntry } from './access-tunnel.ts';
import { countBody } from './count-body.ts';
import { Destination } from './destination.ts';
import { GatheredLines } from './gathered-lines.ts';
import { onAnswer } from './on-answer.ts';
import type { Say } from './trouble.ts';

export { checkAccessFormat } from './access-format.ts';

/** Writes one line for each request. No call throws; a disk that is full costs lines, never answers. */
export interface AccessLog {
  /** Records the start of a request, by performance.now(). When the response is finished, or the client gone, one line is written. */
  observe(req: IncomingMessage, res: ServerResponse, startMs?: number): void;
  /** Records a request for another protocol (Upgrade, CONNECT). When its connection ends, one line is written. */
  observeTunnel(req: IncomingMessage, socket: Socket): void;
  /** To be called when the server itself answered with a status: in place of this answer, or (null) to bytes that are no request. */
  answeredPast(status: number, res: ServerResponse | null, socket: Socket): void;
  /** Bytes that are no request are answered by the application: when the connection ends, one line is written. */
  observeRefusal(socket: Socket): void;
  /** Adds the lines of all requests in flight, which end now for this reason; call `flush` too if the process ends. */
  settle(reason: string): void;
  /** Opens the file again (USR1 after logrotate moved it). */
  reopen(): void;
  /** Writes out what is gathered, waiting at most half a second for a full pipe; the process's exit does so by itself. */
  flush(): void;
  /** What another thread needs to write the lines when this one cannot. */
  readonly shared: SharedLines;
  /** Gets a copy of each line that this thread writes; null most of the time. */
  tap: ((line: string) => void) | null;
}

/** As plain data that a thread can be given. */
export interface SharedLines {
  readonly format: string;
  /** An AccessBuffer's. */
  readonly buffer: SharedArrayBuffer;
  /** The most bytes of a line, and of a write. */
  readonly lineLimit: number;
  /** Whether there is a file, or standard output. */
  readonly toFile: boolean;
  /** Whether the lines also go to syslog; if the worker cannot send them, the arbiter does. */
  readonly toSyslog: boolean;
}

export interface AccessLogOptions {
  /** `%(x)s` atoms, or the word `combined` or `json`. */
  readonly format: string;
  /** A path, or `-` for the standard output; null for no file. */
  readonly file: string | null;
  /** The descriptor that `-` stands for, where it is not 1. */
  readonly standard?: number;
  /** Gets each line too, without its newline. */
  readonly also?: (line: string) => void;
  /** The table of requests in flight. */
  readonly flights?: FlightTable;
  /** Logs that lines cannot be written, or that the file cannot be reopened. */
  readonly say?: Say;
}

/** Opens the log and compiles its format. Throws a UsageError where either cannot be done. */
export function createAccessLog({ flights, ...options }: AccessLogOptions): AccessLog {
  const log = new Lines({
    ...options,
    flights: flights ?? new FlightTable(),
    isShared: flights !== undefined,
  });
  // The application may end the process itself.
  process.once('exit', () => {
    log.settle('exit');
    log.flush();
  });
  return log;
}

type LinesOptions = AccessLogOptions & {
  readonly flights: FlightTable;
  /** Whether another thread reads the table. */
  readonly isShared: boolean;
};

class Lines implements AccessLog {
  readonly shared: SharedLines;
  tap: AccessLog['tap'] = null;
  readonly #format: AccessFormat;
  readonly #needs: AccessFormat['needs'];
  readonly #flights: FlightTable;
  readonly #lines: GatheredLines;
  readonly #lineLimit: number;
  readonly #open = new OpenEntries();
  readonly #counts: boolean;

  constructor({ format, file, standard = 1, also, say, flights, isShared }: LinesOptions) {
    this.#format = compileFormat('--access-logformat', format);
    this.#needs = this.#format.needs;
    const destination = file === null ? null : openDestination(file, standard, say);
    this.#flights = flights;
    this.#lineLimit = destination?.lineLimit ?? Number.POSITIVE_INFINITY;
    this.#lines = new GatheredLines({ destination, also: also ?? null, flights });
    // The reader of the table must know which answers have begun.
    this.#counts = this.#needs.body || isShared;
    this.shared = {
      format,
      buffer: this.#lines.buffer.shared,
      lineLimit: this.#lineLimit,
      toFile: destination !== null,
      toSyslog: also !== undefined,
    };
  }

  observe(req: IncomingMessage, res: ServerResponse, startMs = performance.now()): void {
    // Headers given to writeHead() are only kept, for getHeader() to find, if a header was set before it.
    if (this.#needs.responseHeaders) keepHeaders(res);
    const remote = this.#needs.remote ? clientOf(req) : '';
    const { method = '', url = '', httpVersion } = req;
    if (this.#needs.id) requestIdOf(req);
    // Now, as a closed socket knows no more of it.
    if (this.#needs.tls) tlsFacts(req.socket);
    const traceId = traceParentOf(req)?.traceId ?? null;
    const slot = this.#flights.open(method, url, remote, httpVersion, startMs, knownIdOf(req), traceId);
    const queueMs = this.#needs.queue ? queueMsOf(req) : null;
    const body = this.#counts ? countBody(res, this.#flights, slot) : null;
    const entry = new RequestEntry(req, res, remote, startMs, queueMs, body, slot);
    this.#open.add(entry);
    // A closure costs less than a property of the response.
    res.on('close', () => this.#end(entry));
  }

  observeTunnel(req: IncomingMessage, socket: Socket): void {
    const flights = this.#flights;
    const remote = this.#needs.remote ? clientOf(req) : '';
    const { method = '', url = '', httpVersion } = req;
    if (this.#needs.id) requestIdOf(req);
    if (this.#needs.tls) tlsFacts(socket);
    const traceId = traceParentOf(req)?.traceId ?? null;
    const now = performance.now();
    const slot = flights.open(method, url, remote, httpVersion, now, knownIdOf(req), traceId);
    const { closeCode } = this.#needs;
    const entry = new TunnelEntry(req, socket, remote, slot, closeCode, (status) => {
      flights.progress(slot, status, false, 0);
      if (status === 101 || method === 'CONNECT') flights.upgrade(slot);
    });
    this.#open.add(entry);
    socket.once('close', () => this.#end(entry));
  }

  answeredPast(status: number, res: ServerResponse | null, socket: Socket): void {
    const entry = res && this.#open.of(res);
    if (entry) entry.writtenPast = status;
    else this.#write(refusedEntry(this.#remoteOf(socket), status, ''));
  }

  observeRefusal(socket: Socket): void {
    const remote = this.#remoteOf(socket);
    let status = 0;
    onAnswer(socket, (answered) => {
      status = answered;
    });
    socket.once('close', () => this.#write(refusedEntry(remote, status || UNANSWERED.cut, '')));
  }

  settle(reason: string): void {
    for (const entry of this.#open.all()) {
      entry.endedFor = reason;
      this.#end(entry);
    }
  }

  reopen(): void {
    this.#lines.reopen();
  }

  flush(): void {
    this.#lines.flush();
  }

  #end(entry: RequestEntry | TunnelEntry): void {
    if (!this.#open.remove(entry)) return;
    if (this.#flights.close(entry.slot)) this.#write(entry);
  }

  #write(entry: Entry): void {
    const { line, shortLine } = this.#format;
    try {
      const text = line(entry);
      this.#lines.write(text.length > this.#lineLimit ? shortLine(entry, this.#lineLimit) : text);
      this.tap?.(text);
    } catch {
      // The application left something that cannot be read (a getter that throws, say): its line is lost, no more.
    }
  }

  #remoteOf(socket: Socket): string {
    return this.#needs.remote ? clientOn(socket) : '';
  }
}

/** The entries whose line is to be written, by their place in the table. */
class OpenEntries {
  // An array that never shrinks, for the reason given in Connections.
  readonly #slots: (RequestEntry | TunnelEntry | null)[] = [];
  /** The entries for which the table has no place. */
  readonly #others = new Set<RequestEntry | TunnelEntry>();

  add(entry: RequestEntry | TunnelEntry): void {
    const { slot } = entry;
    if (slot < 0) this.#others.add(entry);
    else this.#slots[slot] = entry;
  }

  of(res: ServerResponse): RequestEntry | undefined {
    return this.all().find(
      (entry): entry is RequestEntry => entry instanceof RequestEntry && entry.res === res,
    );
  }

  /** Returns whether it was there. */
  remove(entry: RequestEntry | TunnelEntry): boolean {
    if (entry.slot < 0) return this.#others.delete(entry);
    if (this.#slots[entry.slot] !== entry) return false;
    this.#slots[entry.slot] = null;
    return true;
  }

  all(): readonly (RequestEntry | TunnelEntry)[] {
    return [...this.#slots.filter((entry) => entry !== null), ...this.#others];
  }
}

function openDestination(file: string, standard: number, say: Say | undefined): Destination {
  try {
    return new Destination({ file, standard, stream: 'the standard output', ...(say ? { say } : {}) });
  } catch (error) {
    throw new UsageError(`--access-logfile: cannot write ${file}: ${messageOf(error)}`);
  }
}

function keepHeaders(res: ServerResponse): void {
  res.setHeader('x-tsunicorn', '');
  res.removeHeader('x-tsunicorn');
}
