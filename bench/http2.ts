import { type Bar, type Candidate, server, tsunicorn } from './candidate.ts';

/** Without it nothing can be measured: the other generators speak HTTP/1 alone. */
const needs = { command: 'h2load', package: 'nghttp2-client' };

/** The compat layer of node:http2, and tsunicorn with the same application, without TLS: one process each. */
export const http2Candidates: readonly Candidate[] = [
  { name: 'bare node:http2', processes: 1, needs, command: [process.execPath, server('bare-http2.js')] },
  { name: 'tsunicorn http2', processes: 1, needs, command: tsunicorn('app.js', 1, '--http2-cleartext') },
  {
    name: 'bare node:http2 fetch',
    processes: 1,
    needs,
    command: [process.execPath, server('bare-http2.js'), 'fetch'],
  },
  {
    name: 'tsunicorn http2 fetch',
    processes: 1,
    needs,
    command: tsunicorn('fetch-app.js', 1, '--http2-cleartext'),
  },
];

const bar = (candidate: string, against: string, factor: number): Bar => ({
  ...{ in: 'http2', metric: 'perProcessorSecond', sense: 'at least' },
  ...{ candidate, against, factor },
});

export const http2Bars: readonly Bar[] = [
  bar('tsunicorn http2', 'bare node:http2', 0.85),
  bar('tsunicorn http2 fetch', 'bare node:http2 fetch', 0.9),
];
