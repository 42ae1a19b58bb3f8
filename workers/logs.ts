import type { FlightTable } from '../src/flights/table.ts';
import { type NamedRequest, nameRequest, requestField } from '../src/http/request-name.ts';
import { aboutError } from '../src/log/about-error.ts';
import type { AccessLog } from '../src/log/access-log.ts';
import { both } from '../src/log/both.ts';
import { createLogger, type LogFile } from '../src/log/logger.ts';
import type { WorkerLog } from '../src/log/records.ts';
import type { Followed, RingLog } from '../src/log/ring/ring-log.ts';
import type { Syslog } from '../src/log/syslog/syslog.ts';
import type { BootSpec, Standards } from '../src/process/ipc/boot-spec.ts';
import { surviveStdio } from '../src/process/stdio.ts';
import type { Settings } from '../src/settings/catalogue/catalogue.ts';
import { messageOf } from '../src/support/errors.ts';
import type { LogFields, Logger, LogLevel } from '../src/support/logger.ts';

/** Opens the worker's own log, of whose records `took` gets the fields. From then on no failure of a log ends the worker. */
export async function openLogs(spec: BootSpec, took?: (fields: LogFields) => void): Promise<Logs> {
  surviveStdio();
  const { settings, standards, slot, age, generation } = spec;
  const worker = { pid: process.pid, slot, age, generation };
  const plain = createLogger({
    level: settings.logLevel,
    format: settings.logFormat,
    file: settings.errorLogfile,
    standard: standards.stderr,
    worker,
  });
  const file = took ? { ...plain, ...both(plain, (_level, _message, fields = {}) => took(fields)) } : plain;
  // What is wrong with the log itself goes to the standard error, and not to the log.
  if (took) plain.alsoTrouble((_level, _message, fields = {}) => took(fields));
  const ring = spec.ringFd === undefined ? null : await loadRing(spec.ringFd, settings);
  const syslog = settings.syslog ? await loadSyslog(settings, file) : null;
  if (ring) (syslog ?? plain).alsoTrouble((level, message, fields) => ring.record(level, message, fields));
  return new Logs(spec, worker, file, syslog, ring);
}

/** What the arbiter can read though this process hangs. */
async function loadRing(fd: number, { logLevel }: Settings): Promise<RingLog> {
  const [{ RingLog }, { RingWriter }] = await Promise.all([
    import('../src/log/ring/ring-log.ts'),
    import('../src/log/ring/writer.ts'),
  ]);
  return new RingLog(new RingWriter(fd), logLevel);
}

async function loadSyslog(settings: Settings, file: LogFile): Promise<Syslog> {
  const { openSyslog } = await import('../src/log/syslog/syslog.ts');
  return openSyslog(settings, file);
}

/** The logs of a worker. */
export class Logs {
  readonly log: Logger;
  /** From now on this is the least severe level that is written. */
  readonly setLevel: LogFile['setLevel'];
  readonly #settings: Settings;
  readonly #standards: Standards;
  readonly #syslog: Syslog | null;
  readonly #worker: { slot: number | null };
  #access: AccessLog | null = null;
  readonly #ring: RingLog | null;
  #isAccessFollowed = false;
  #counted: (level: LogLevel, fields: LogFields | undefined) => void = () => {};

  /** `worker` is what the records of `file` have of the worker. */
  constructor(
    { settings, standards }: Pick<BootSpec, 'settings' | 'standards'>,
    worker: { slot: number | null },
    file: Logger & Pick<LogFile, 'setLevel'>,
    syslog: Syslog | null,
    ring: RingLog | null = null,
  ) {
    const opened = syslog?.log ?? file;
    const log = both(opened, (level, _message, fields) => this.#counted(level, fields));
    this.log = ring ? both(log, (level, message, fields) => ring.record(level, message, fields)) : log;
    this.setLevel = (level) => {
      (syslog ?? file).setLevel(level);
      ring?.setLevel(level);
    };
    this.#ring = ring;
    this.#worker = worker;
    this.#settings = settings;
    this.#standards = standards;
    this.#syslog = syslog;
  }

  /** From now on each line is counted. */
  countBy(counted: (level: LogLevel, fields: LogFields | undefined) => void): void {
    this.#counted = counted;
  }

  /** From now on records name this slot. */
  serveIn(slot: number): void {
    this.#worker.slot = slot;
  }

  /** Null until it is opened. */
  get access(): AccessLog | null {
    return this.#access;
  }

  /** From now on this is in the ring, beyond what is in the log; null is nothing. */
  follow(followed: Followed | null): void {
    this.#isAccessFollowed = followed?.access ?? false;
    this.#ring?.follow(followed);
    this.#tapAccess();
  }

  #tapAccess(): void {
    const ring = this.#isAccessFollowed ? this.#ring : null;
    if (this.#access !== null) this.#access.tap = ring && ((line) => ring.line(line));
  }

  /** Opens the access log; null where the settings want none. */
  async openAccess(flights: FlightTable): Promise<AccessLog | null> {
    const { accessLogfile: file, accessLogformat: format } = this.#settings;
    const syslog = this.#syslog;
    if (file === null && syslog === null) return null;
    const { createAccessLog } = await import('../src/log/access-log.ts');
    const also = syslog ? { also: (line: string) => syslog.access(line) } : {};
    const log: WorkerLog = this.log;
    this.#access = createAccessLog({
      ...{ format, file, standard: this.#standards.stdout, flights },
      ...also,
      say: (level, message, fields) => log[level](message, fields),
    });
    this.#tapAccess();
    return this.#access;
  }

  readonly applicationFailed = (error: unknown, request?: NamedRequest): void => {
    const where = request ? ` while handling ${nameRequest(request)}` : '';
    const reason = messageOf(error);
    const log: WorkerLog = this.log;
    log.error(`The application failed${where}: ${reason}`, {
      event: 'application-failed',
      reason,
      ...(request ? { request: requestField(request) } : {}),
      ...aboutError(error),
      err: error,
    });
  };

  reopen(): void {
    this.log.reopen();
    this.#access?.reopen();
  }

  /** Writes the lines of the requests in flight, which end now for this reason, to the access log. */
  settle(reason: string): void {
    this.#access?.settle(reason);
  }

  flush(): void {
    this.#access?.flush();
    this.log.flush();
  }

  /** Resolves when what goes to syslog is sent, or cannot be sent soon. */
  async close(): Promise<void> {
    this.#access?.flush();
    await this.#syslog?.close();
  }
}
