import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LoadGenerator } from '../load.ts';
import type { Processes } from '../processes.ts';
import type { Rounds } from './course.ts';
import { freePort, type Layout, type Running, startServer } from './running.ts';
import type { Subject } from './subject.ts';

/** What every section measures with. */
export interface Setup {
  readonly quick: boolean;
  readonly subjects: readonly Subject[];
  readonly processes: Processes;
  readonly generator: LoadGenerator;
  readonly processorMicros: (root: number) => number;
  /** How many rounds a piece of a section takes. */
  readonly rounds: Readonly<Record<'failures' | 'tail' | 'goal' | 'cost', Rounds>>;
  /** How long a load of the tail goes on, in seconds. */
  readonly tailSeconds: number;
  /** How long a load goes on before and after an operation. */
  readonly calmMs: number;
  /** How long a round of a cost takes, in whole seconds. */
  readonly seconds: number;
  /** Starts a server in a directory of its own. */
  start(layout: Layout): Promise<Running>;
  /** Kills everything that was started. */
  endAll(): void;
}

/** Starts servers in directories below `scratch`. */
export function starter(scratch: string): Setup['start'] {
  return async ({ files, start }) => {
    mkdirSync(scratch, { recursive: true });
    const directory = mkdtempSync(join(scratch, 'service-'));
    const port = await freePort();
    for (const [name, text] of Object.entries(files(port))) writeFileSync(join(directory, name), text);
    return startServer(directory, port, start(port, directory));
  };
}
