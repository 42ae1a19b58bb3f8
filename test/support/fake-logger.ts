import type { LogFields, Logger } from '../../src/support/logger.ts';

export type Level = 'debug' | 'info' | 'warning' | 'error' | 'critical';

export interface Line {
  readonly level: Level;
  readonly message: string;
  readonly fields: LogFields | undefined;
}

/** Keeps what is logged. */
export class FakeLogger implements Logger {
  readonly lines: Line[] = [];
  reopened = 0;
  flushed = 0;

  debug(message: string, fields?: LogFields): void {
    this.lines.push({ level: 'debug', message, fields });
  }

  info(message: string, fields?: LogFields): void {
    this.lines.push({ level: 'info', message, fields });
  }

  warning(message: string, fields?: LogFields): void {
    this.lines.push({ level: 'warning', message, fields });
  }

  error(message: string, fields?: LogFields): void {
    this.lines.push({ level: 'error', message, fields });
  }

  critical(message: string, fields?: LogFields): void {
    this.lines.push({ level: 'critical', message, fields });
  }

  reopen(): void {
    this.reopened++;
  }

  flush(): void {
    this.flushed++;
  }

  alsoTrouble(): void {}

  setLevel(): void {}

  /** The messages of one level, in order. */
  at(level: Level): string[] {
    return this.lines.filter((line) => line.level === level).map(({ message }) => message);
  }

  /** The messages that `pattern` is in, whatever their level. */
  matching(pattern: RegExp): string[] {
    return this.lines.map(({ message }) => message).filter((message) => pattern.test(message));
  }
}
