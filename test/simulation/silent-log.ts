import type { LogFields, Logger } from '../../src/support/logger.ts';

/** Drops what is logged, but for a record of a bug in the arbiter, which is a failure. */
export class SilentLog implements Logger {
  failed: (what: string) => void = () => {};
  /** Collects the lines; null where they are not wanted. */
  lines: string[] | null = null;

  debug(message: string): void {
    this.lines?.push(message);
  }

  info(message: string): void {
    this.lines?.push(message);
  }

  warning(message: string): void {
    this.lines?.push(message);
  }

  error(message: string): void {
    this.lines?.push(message);
  }

  critical(message: string, fields?: LogFields): void {
    this.lines?.push(message);
    const { event, err } = fields ?? {};
    if (event !== 'internal-error') return;
    this.failed(`the arbiter threw: ${err instanceof Error ? err.stack : err}`);
  }

  reopen(): void {}

  flush(): void {}
}
