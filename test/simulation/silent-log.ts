import type { LogFields, Logger } from '../../src/support/logger.ts';

/** Drops what is logged; where the arbiter speaks of a bug of its own, that is the finding. */
export class SilentLog implements Logger {
  failed: (what: string) => void = () => {};
  /** Gathers lines, where somebody wants to read them. */
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
