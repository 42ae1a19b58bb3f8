import { createRequire } from 'node:module';
import { isatty } from 'node:tty';
import { styleText } from 'node:util';
import type { pino as Pino, stdSerializers as PinoSerializers } from 'pino';
import { messageOf } from '../errors.ts';
import { Destination } from './destination.ts';
import { escapeControls, stackLines } from './text.ts';
import { logTime, oncePerSecond } from './timestamps.ts';

export { checkLogfile } from './destination.ts';

/** From the least to the most severe, named as in Gunicorn. */
export type LogLevel = 'debug' | 'info' | 'warning' | 'error' | 'critical';

/** What goes with a message. In text only `err`, `lines` and `pid` are shown: the message itself says the rest in words. */
export interface LogFields {
  /** What was thrown: its stack and causes are written. */
  readonly err?: unknown;
  /** Said at length for people, in an indented block; JSON has the same in fields of their own. */
  readonly lines?: readonly string[];
  /** The process that the line speaks of, where it is not this one. */
  readonly pid?: number;
  readonly [key: string]: unknown;
}

type Log = (message: string, fields?: LogFields) => void;

/** The server's own log. A line is written before the call returns; no call ever throws or waits for a reader. */
export interface Logger {
  readonly debug: Log;
  readonly info: Log;
  readonly warning: Log;
  readonly error: Log;
  readonly critical: Log;
  /** Opens the file again (USR1 after logrotate moved it). */
  reopen(): void;
  /** Writes out what a full pipe or disk held back, waiting at most half a second. */
  flush(): void;
}

/** A logger, and what must be waited for before the process ends. */
export interface OpenLog {
  readonly log: Logger;
  /** Resolves when what goes over the network has gone, or will not go soon. */
  close(): Promise<void>;
}

export interface LoggerOptions {
  /** The least severe level that is written. */
  readonly level: LogLevel;
  /** `text` as Gunicorn writes it, or `json`: one object a line, with pino's names. */
  readonly format: 'text' | 'json';
  /** A path, or `-` for the standard error. */
  readonly file: string;
  /** The descriptor that `-` stands for, where it is not 2. */
  readonly standard?: number;
  /** Opens the file in place of a plain open. */
  readonly open?: (path: string) => number;
}

type Render = (level: LogLevel, message: string, fields: LogFields | undefined) => string;
type StyledStream = NonNullable<Parameters<typeof styleText>[2]>['stream'];

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
export function createLogger(options: LoggerOptions): Logger {
  const { level, format, file } = options;
  const colours = file === '-' && isatty(2);
  const render = format === 'json' ? jsonLines() : textLines(colours ? process.stderr : null);
  const opened = openDestination(options);
  const { destination } = opened;
  const at = (own: LogLevel): Log => {
    if (!isLogged(own, level)) return () => {};
    return (message, fields) => destination.write(render(own, message, fields));
  };
  const logger: Logger = {
    debug: at('debug'),
    info: at('info'),
    warning: at('warning'),
    error: at('error'),
    critical: at('critical'),
    reopen: () => destination.reopen(),
    flush: () => destination.flush(),
  };
  if (opened.failure) logger.error(`Cannot open ${file}, so the log goes here: ${opened.failure}`);
  return logger;
}

/** Whether a message of `level` is written where `least` is the least severe that is. */
export function isLogged(level: LogLevel, least: LogLevel): boolean {
  return SEVERITY[level] >= SEVERITY[least];
}

/** The level's word, coloured if `stream` is a terminal that wants it (NO_COLOR and TERM are respected). */
export function levelWord(level: LogLevel, stream: StyledStream | null): string {
  const word = level.toUpperCase();
  return stream ? styleText(COLOURS[level], word, { stream, validateStream: true }) : word;
}

interface Opened {
  readonly destination: Destination;
  /** Why it is not the one that was asked for. */
  readonly failure?: string;
}

function openDestination({ file, standard = 2, open }: LoggerOptions): Opened {
  try {
    return { destination: new Destination({ file, standard, gather: false, ...(open ? { open } : {}) }) };
  } catch (error) {
    const destination = new Destination({ file: '-', standard, gather: false });
    return { destination, failure: messageOf(error) };
  }
}

/** pino's record of a line, as the text format needs it. */
interface TextRecord {
  readonly pid: number;
  readonly msg?: string;
  readonly err?: readonly string[];
  readonly lines?: readonly string[];
}

function textLines(stream: StyledStream | null): Render {
  const time = oncePerSecond(logTime);
  const render = lazily(() => pinoLines(() => ({ err: stackLines })));
  return (level, message, fields) => {
    const { pid, msg = '', err = [], lines = [] }: TextRecord = JSON.parse(render(level, message, fields));
    const head = `${time()} [${pid}] [${levelWord(level, stream)}] ${escapeControls(msg)}`;
    // Indented, so that no line of a stack, which may hold what a client sent, can pass for a line of the log.
    return `${[head, ...[...lines.map(escapeControls), ...err].map((line) => `    ${line}`)].join('\n')}\n`;
  };
}

function jsonLines(): Render {
  return lazily(() =>
    pinoLines(({ stdSerializers }) => ({ err: stdSerializers.errWithCause, lines: () => undefined })),
  );
}

/** pino costs 25 ms and 4 MB in each process, and most workers never log a line: it is loaded with the first one. */
function lazily(load: () => Render): Render {
  let render: Render | null = null;
  return (level, message, fields) => {
    render ??= load();
    return render(level, message, fields);
  };
}

type Serializers = Readonly<Record<string, (value: Error) => unknown>>;
type PinoModule = typeof Pino & { readonly stdSerializers: typeof PinoSerializers };

function pinoLines(serializersOf: (pino: PinoModule) => Serializers): Render {
  const pino: PinoModule = createRequire(import.meta.url)('pino');
  let line = '';
  const log = pino<LogLevel>(
    {
      base: null,
      level: 'debug',
      customLevels: SEVERITY,
      useOnlyCustomLevels: true,
      formatters: { level: (label) => ({ level: label }) },
      timestamp: pino.stdTimeFunctions.isoTime,
      serializers: serializersOf(pino),
    },
    {
      write(text) {
        line = text;
      },
    },
  );
  return (level, message, fields) => {
    try {
      log[level]({ pid: process.pid, ...fields }, message);
    } catch (error) {
      // A getter or toJSON among the fields threw: the message is worth more than they are.
      log[level]({ pid: process.pid, unwritable: messageOf(error) }, message);
    }
    return line;
  };
}
