import { join } from 'node:path';
import { type Bar, type Candidate, cluster, server, tsunicorn, tsunicornProgram } from './candidate.ts';
import { contextBars, contextCandidates } from './context.ts';
import { http2Bars, http2Candidates } from './http2.ts';
import type { CaseName } from './options.ts';
import { staticCandidates } from './static.ts';
import { syncBars, syncCandidates } from './sync.ts';
import { threadBars, threadCandidates } from './thread.ts';
import { tlsBars, tlsCandidates } from './tls.ts';

/** The cases that a load generator drives as fast as the candidates answer. */
export const loadCases = [
  'keepalive',
  'close',
  'tls',
  'tls-close',
  'http2',
  'sync',
  'thread',
  'context',
  'static',
  'static-large',
] as const satisfies readonly CaseName[];

export type LoadCase = (typeof loadCases)[number];

/** The candidates of a case; `scratch` is a directory for what they write. */
export function candidates(name: LoadCase, scratch: string): readonly Candidate[] {
  switch (name) {
    case 'tls':
    case 'tls-close':
      return tlsCandidates(scratch);
    case 'http2':
      return http2Candidates;
    case 'sync':
      return syncCandidates;
    case 'thread':
      return threadCandidates;
    case 'context':
      return contextCandidates;
    case 'static':
      return staticCandidates(scratch, 1024);
    case 'static-large':
      return staticCandidates(scratch, 1024 * 1024);
    default:
      return plainCandidates(join(scratch, 'access.log'));
  }
}

function plainCandidates(accessLog: string): readonly Candidate[] {
  return [
    { name: 'bare node:http', processes: 1, command: [process.execPath, server('bare.js')] },
    { name: 'node:cluster', processes: 2, command: cluster('app.js', 2) },
    { name: 'tsunicorn', processes: 2, command: tsunicorn('app.js', 2) },
    { name: 'tsunicorn log', processes: 2, command: tsunicorn('app.js', 2, '--access-logfile', accessLog) },
    { name: 'tsunicorn program', processes: 2, command: tsunicornProgram('program.js', 2) },
    { name: 'tsunicorn fetch', processes: 2, command: tsunicorn('fetch-app.js', 2) },
  ];
}

/** A program costs what the same application costs as an export. */
const programBars: readonly Bar[] = (['keepalive', 'close'] as const).map((name) => ({
  in: name,
  candidate: 'tsunicorn program',
  metric: 'perSecond',
  sense: 'at least',
  factor: 0.97,
  against: 'tsunicorn',
}));

/**
 * The bars. On kept connections node:cluster is bare node:http in two processes, which makes it the like-for-like
 * peer of requests a second there.
 */
export const bars: readonly Bar[] = [
  ...syncBars,
  ...tlsBars,
  ...http2Bars,
  ...threadBars,
  ...contextBars,
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
  ...programBars,
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
