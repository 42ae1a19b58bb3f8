import { join } from 'node:path';

export type CaseName = 'keepalive' | 'close';

/** A server to measure: how it is started and how it says where it listens (`http://127.0.0.1:PORT` on either output). */
export interface Candidate {
  readonly name: string;
  readonly command: readonly string[];
  /** Processes that answer requests. */
  readonly processes: number;
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
const server = (file: string): string => join(import.meta.dirname, 'servers', file);

/** The built command line: the published package is JavaScript, so this is what users run. */
export const built = join(root, 'dist/bin/tsunicorn.js');

function tsunicorn(app: string, ...options: readonly string[]): readonly string[] {
  return [process.execPath, built, `${server(app)}:app`, '-w', '2', '-b', '127.0.0.1:0', ...options];
}

/** Every candidate; `scratch` is a directory for what they write. */
export function candidates(scratch: string): readonly Candidate[] {
  const accessLog = join(scratch, 'access.log');
  return [
    { name: 'bare node:http', processes: 1, command: [process.execPath, server('bare.js')] },
    { name: 'node:cluster', processes: 2, command: [process.execPath, server('cluster.js'), '2'] },
    { name: 'tsunicorn', processes: 2, command: tsunicorn('app.js') },
    { name: 'tsunicorn log', processes: 2, command: tsunicorn('app.js', '--access-logfile', accessLog) },
    { name: 'tsunicorn fetch', processes: 2, command: tsunicorn('fetch-app.js') },
  ];
}

/**
 * The bars. On kept connections node:cluster is bare node:http in two processes, which makes it the like-for-like
 * peer of requests a second there.
 */
export const bars: readonly Bar[] = [
  {
    in: 'keepalive',
    candidate: 'tsunicorn',
    metric: 'micros',
    sense: 'at most',
    factor: 1.05,
    against: 'node:cluster',
  },
  {
    in: 'keepalive',
    candidate: 'tsunicorn log',
    metric: 'micros',
    sense: 'at most',
    factor: 1.15,
    against: 'tsunicorn',
  },
  {
    in: 'keepalive',
    candidate: 'tsunicorn fetch',
    metric: 'perProcessorSecond',
    sense: 'at least',
    factor: 0.8,
    against: 'bare node:http',
  },
  {
    in: 'keepalive',
    candidate: 'tsunicorn fetch',
    metric: 'perSecond',
    sense: 'at least',
    factor: 0.8,
    against: 'node:cluster',
  },
  {
    in: 'close',
    candidate: 'tsunicorn',
    metric: 'perSecond',
    sense: 'at least',
    factor: 2.2,
    against: 'node:cluster',
  },
  {
    in: 'close',
    candidate: 'tsunicorn',
    metric: 'micros',
    sense: 'at most',
    factor: 1.15,
    against: 'bare node:http',
  },
];
