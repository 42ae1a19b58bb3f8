import { join } from 'node:path';
import type { CaseName } from './options.ts';

/** A server to measure: how it is started and how it says where it listens (`http://127.0.0.1:PORT` on either output). */
export interface Candidate {
  readonly name: string;
  readonly command: readonly string[];
  /** Processes that answer requests. */
  readonly processes: number;
  /** What must be installed for it, and the package that has it; without it the candidate is skipped, and that is said. */
  readonly needs?: { readonly command: string; readonly package: string };
}

/** `perSecond` requests a second; `micros` processor time a request; `perProcessorSecond` its inverse. */
export type Metric = 'perSecond' | 'micros' | 'perProcessorSecond';

/** What one candidate must reach: its metric is at least (or at most) `factor` times that of another. */
export interface Bar {
  readonly in: CaseName;
  readonly candidate: string;
  readonly metric: Metric;
  readonly sense: 'at least' | 'at most';
  readonly factor: number;
  readonly against: string;
}

const root = join(import.meta.dirname, '..');

/** The built command line: the published package is JavaScript, so this is what users run. */
export const built = join(root, 'dist/bin/tsunicorn.js');

/** The path of a file in bench/servers. */
export const server = (file: string): string => join(import.meta.dirname, 'servers', file);

/** tsunicorn over an application in bench/servers. */
export function tsunicorn(app: string, workers: number, ...options: readonly string[]): readonly string[] {
  return [process.execPath, built, `${server(app)}:app`, '-w', `${workers}`, '-b', '127.0.0.1:0', ...options];
}

/** tsunicorn over a program in bench/servers, which calls listen() itself. */
export function tsunicornProgram(program: string, workers: number): readonly string[] {
  return [process.execPath, built, server(program), '-w', `${workers}`, '-b', '127.0.0.1:0'];
}

/** node:cluster over an application in bench/servers. */
export function cluster(app: string, workers: number): readonly string[] {
  return [process.execPath, server('cluster.js'), `${workers}`, app];
}
