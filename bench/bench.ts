import type { LoadGenerator } from './load.ts';
import type { BenchOptions } from './options.ts';
import type { Processes } from './processes.ts';

/** What a case measures with. */
export interface Bench {
  readonly options: BenchOptions;
  readonly processes: Processes;
  readonly generator: LoadGenerator;
  readonly processorMicros: (root: number) => number;
  /** A directory for what candidates write. */
  readonly scratch: string;
}

/** What a case found: a Markdown text, and the data for --json. */
export interface Findings {
  readonly text: string;
  readonly measured: object;
}
