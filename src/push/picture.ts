import type { MeasuredTotals } from '../metrics/measured.ts';
import type { Totals } from '../metrics/store.ts';
import type { ServiceStatus } from '../process/status.ts';

/** All figures of a service at one moment. */
export interface Picture {
  readonly totals: Totals;
  readonly measured: MeasuredTotals;
  readonly status: ServiceStatus;
  /** In milliseconds since 1970. */
  readonly atMs: number;
}

/** Where figures are sent. No call throws or waits. */
export interface Target {
  /** As `tsunicorn_push_failures_total` names it. */
  readonly name: 'statsd' | 'otlp';
  /** What is counted from here on is this arbiter's to send. */
  begin(picture: Picture): void;
  /** Resolves with how many messages were lost. */
  push(picture: Picture): Promise<number>;
  close(): void;
}
