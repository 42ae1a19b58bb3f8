import { createRequire } from 'node:module';
import { isatty } from 'node:tty';
import type { pino as Pino, stdSerializers as PinoSerializers } from 'pino';
import { util } from '../support/builtins.ts';
import { codeOf, messageOf } from '../support/errors.ts';
import type { LogFields, Logger, LogLevel } from '../support/logger.ts';
import { escapeControls, stackLines } from '../support/text.ts';
import { Destination } from './destination.ts';
import { logfmtOf } from './logfmt.ts';
import type { WorkerField } from './records/record.ts';
import type { RecordLog } from './records.ts';
import { logTime, oncePerSecond } from './timestamps.ts';
import type { Say } from './trouble.ts';

export { checkLogfile } from './destination.ts';

/** A logger of one file, for the code that opened it. */
export interface LogFile extends Logger {
  /** Writes out what can be written at once and lets go of the file; what is logged later is lost. */
  close(): void;
  /** `also` gets what goes wrong with this log itself, too, whatever its level. */
  alsoTrouble(also: Also): void;
  /** From now on this is the least severe level that is written. */
  setLevel(level: LogLevel): void;
}

/** Takes a copy of a line. */
export type Also = (level: LogLevel, message: string, fields: LogFields | undefined) => void;

/** A logger, and what to wait for before the process ends. */
export interface OpenLog {
  readonly log: Logger;
  /** Takes a line of the access log of the process `pid`, without its newline, where that goes the same way. */
  access?(line: string, pid: number): void;
  /** `also` gets what goes wrong with this log itself, too, whatever its level. */
  alsoTrouble(also: Also): void;
  /** From now on this is the least severe level that is written. */
  setLevel(level: LogLevel): void;
  /** Closes what was opened; resolves when what goes to syslog is sent, or cannot be sent soon. */
  close(): Promise<void>;
}

/** `text` as Gunicorn writes it; `json`: one object a line, with pino's names; or `logfmt`, the same as `key=value`. */
export type LogFormat = 'text' | 'json' | 'logfmt';

export interface LoggerOptions {
  /** The least severe level that is written. */
  readonly level: LogLevel;
  readonly format: LogFormat;
  /** A path, or `-` for the standard error. */
  readonly file: string;
  /** The descriptor that `-` stands for, where it is not 2. */
  readonly standard?: number;
  /** The worker that this process is: in JSON each line names it. */
  readonly worker?: WorkerField;
  /** Opens the file in place of a plain open. */
  readonly open?: (path: string) => number;
}

type Render = (level: LogLevel, message: string, fields: LogFields | undefined) => string;
type StyledStream = NonNullable<Parameters<typeof util.styleText>[2]>['stream'];

const SEVERITY: Readonly<Record<LogLevel, number>> = {
  debug: 10,
  info: 20,
  warning: 30,
  error: 40,
  critical: 50,
};
const COLOURS = {
  debug: 'gray',
  info: 'green',
  warning: 'yellow',
  error: 'red',
  critical: 'magenta',
} as const;

/** Opens the log. A file that cannot be opened is reported on the standard error, which then takes its place. */
export function createLogger(options: LoggerOptions): LogFile {
  const { format, file } = options;
  let { level } = options;
  const colours = file === '-' && isatty(2);
  const render = rendererOf(format, options.worker, colours ? process.stderr : null);
  const beside = lazyStandard(options);
  const listeners: Also[] = [];
  const opened = openDestination(options, (own, message, fields) => {
    for (const also of listeners) also(own, message, fields);
    if (!isLogged(own, level)) return;
    const line = render(own, message, fields);
    beside(line);
    // If it cannot be reopened, or can be written again, the log itself takes the line.
    if (!opened.destination.isUnwritable) opened.destination.write(line);
  });
  const { destination } = opened;
  const at = (own: LogLevel): Logger[LogLevel] => {
    const isUrgent = isLogged(own, 'warning');
    return (message, fields) => {
      if (!isLogged(own, level)) return;
      const line = render(own, message, fields);
      destination.write(line);
      if (isUrgent && destination.isUnwritable) beside(line);
    };
  };
  const logger: LogFile = {
    debug: at('debug'),
    info: at('info'),
    warning: at('warning'),
    error: at('error'),
    critical: at('critical'),
    reopen: () => destination.reopen(),
    flush: () => destination.flush(),
    close: () => destination.close(),
    alsoTrouble: (also) => void listeners.push(also),
    setLevel: (now) => {
      level = now;
    },
  };
  if (opened.failure) {
    const log: RecordLog = logger;
    const reason = messageOf(opened.failure);
    log.error(`Cannot open ${file}, so the log goes here: ${reason}`, {
      event: 'log-unopened',
      file,
      reason,
      error: codeOf(opened.failure) ?? reason,
    });
  }
  return logger;
}

/** Whether a message of `level` is written if `least` is the least severe level that is. */
export function isLogged(level: LogLevel, least: LogLevel): boolean {
  return SEVERITY[level] >= SEVERITY[least];
}

/** The level's word, coloured if `stream` is a terminal that wants it (NO_COLOR and TERM are respected). */
export function levelWord(level: LogLevel, stream: StyledStream | null): string {
  const word = level.toUpperCase();
  return stream ? util.styleText(COLOURS[level], word, { stream, validateStream: true }) : word;
}

interface Opened {
  readonly destination: Destination;
  /** Why it is not the file that was asked for. */
  readonly failure?: unknown;
}

function openDestination({ file, standard = 2, open }: LoggerOptions, say: Say): Opened {
  const how = { standard, say, stream: 'the standard error', ...(open ? { open } : {}) };
  try {
    return { destination: new Destination({ ...how, file }) };
  } catch (failure) {
    return { destination: new Destination({ ...how, file: '-' }), failure };
  }
}

/** Writes to the standard error what the log cannot take; does nothing if that is the log. */
function lazyStandard({ file, standard = 2 }: LoggerOptions): (line: string) => void {
  if (file === '-') return () => {};
  let destination: Destination | null = null;
  return (line) => {
    destination ??= new Destination({ file: '-', standard });
    destination.write(line);
  };
}

function rendererOf(format: LogFormat, worker: WorkerField | undefined, stream: StyledStream | null): Render {
  switch (format) {
    case 'text':
      return textLines(stream);
    case 'json':
      return jsonLines(worker);
    case 'logfmt': {
      const json = jsonLines(worker);
      return (level, message, fields) => logfmtOf(JSON.parse(json(level, message, fields)));
    }
  }
}

/**
 * Lines for people, as Gunicorn writes them. Not by pino: of its record they would show the message alone, and most
 * workers log in text and never need to load it.
 */
function textLines(stream: StyledStream | null): Render {
  const time = oncePerSecond(logTime);
  const write = (level: LogLevel, message: string, fields: LogFields) => {
    const { pid = process.pid, lines = [], err, requestId } = fields;
    const text = escapeControls(requestId === undefined ? message : `[${requestId}] ${message}`);
    const head = `${time()} [${pid}] [${levelWord(level, stream)}] ${text}`;
    const below = [...lines.map(escapeControls), ...(err === undefined ? [] : stackLines(err))];
    // Indented, so that no line of a stack, which may hold what a client sent, can pass for a line of the log.
    return `${[head, ...below.map((line) => `    ${line}`)].join('\n')}\n`;
  };
  return (level, message, fields = {}) => {
    try {
      return write(level, textOf(message), fields);
    } catch {
      // A getter among the fields threw, or what a hook passed as fields is none.
      return write(level, textOf(message), {});
    }
  };
}

/** Writes the line of one message. */
type PinoLogger = Readonly<Record<LogLevel, (fields: LogFields, message: string) => void>>;

/** Lines for machines, each a record of pino's. */
function jsonLines(worker?: WorkerField): Render {
  let line = '';
  let log: PinoLogger | null = null;
  const write = (text: string) => {
    line = text;
  };
  return (level, message, fields = {}) => {
    try {
      log ??= loadPino(write, worker);
    } catch {
      // No descriptor is free, or the installation was removed; the worker must continue.
      return withoutPino(level, message, fields);
    }
    const text = textOf(message);
    try {
      // A hook may log as console does: pino would take the first argument that is no object for the message.
      log[level](typeof fields === 'object' ? fields : {}, text);
    } catch (error) {
      // A getter or toJSON among the fields threw; the message is still written.
      log[level]({ unwritable: messageOf(error) }, text);
    }
    return line;
  };
}

/** The message as text, whatever a hook gave for it. */
function textOf(message: unknown): string {
  if (typeof message === 'string') return message;
  try {
    return messageOf(message);
  } catch {
    // It has no text, as an object without a prototype.
    return util.inspect(message);
  }
}

type PinoModule = typeof Pino & { readonly stdSerializers: typeof PinoSerializers };

/**
 * pino costs time and memory in each process, and most workers never log a line: it is loaded with the first one. It
 * makes the line and Destination writes it, for the reasons that are given there.
 */
function loadPino(write: (line: string) => void, worker?: WorkerField): PinoLogger {
  const pino: PinoModule = createRequire(import.meta.url)('pino');
  return pino<LogLevel>(
    {
      base: null,
      // Not in `base`, since a record that has a `pid` of its own would then have two.
      mixin: () => ({ pid: process.pid, ...(worker === undefined ? {} : { worker }) }),
      level: 'debug',
      customLevels: SEVERITY,
      useOnlyCustomLevels: true,
      formatters: { level: (label) => ({ level: label }) },
      timestamp: pino.stdTimeFunctions.isoTime,
      serializers: { err: pino.stdSerializers.errWithCause, lines: () => undefined },
    },
    { write },
  );
}

/** What is known without pino. */
function withoutPino(level: LogLevel, msg: string, { event, err, pid = process.pid }: LogFields): string {
  const error = err === undefined ? {} : { err: { message: messageOf(err) } };
  return `${JSON.stringify({ level, time: new Date().toISOString(), pid, event, ...error, msg })}\n`;
}
