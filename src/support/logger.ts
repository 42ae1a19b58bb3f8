/** From the least to the most severe, named as in Gunicorn. */
export type LogLevel = 'debug' | 'info' | 'warning' | 'error' | 'critical';

/** What goes with a message. In text only `err`, `lines`, `pid` and `requestId` are shown: the message itself says the rest in words. */
export interface LogFields {
  /** What happened, for alerts; the names of our own are in log/records.ts. */
  readonly event?: string;
  /** What was thrown: its stack and causes are written. */
  readonly err?: unknown;
  /** Said at length for people, in an indented block; JSON has the same in fields of their own. */
  readonly lines?: readonly string[];
  /** The request for which the application logs it; in text it stands before the message. */
  readonly requestId?: string;
  /** The process that the line speaks of, where it is not this one. */
  readonly pid?: number;
  readonly [key: string]: unknown;
}

type Log = (message: string, fields?: LogFields) => void;

/**
 * The server's own log, as hooks see it. A line is written before the call returns; no call ever throws or waits for a
 * reader. Our own lines go through RecordLog, which wants an event.
 */
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
