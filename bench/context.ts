import { type Bar, type Candidate, tsunicorn } from './candidate.ts';

/** What tsunicorn/context costs a request that uses nothing of it, beside the AsyncLocalStorage that it needs. */
export const contextCandidates: readonly Candidate[] = [
  { name: 'storage', processes: 1, command: tsunicorn('storage-app.js', 1) },
  { name: 'context', processes: 1, command: tsunicorn('context-app.js', 1) },
  { name: 'storage fetch', processes: 1, command: tsunicorn('storage-fetch-app.js', 1) },
  { name: 'context fetch', processes: 1, command: tsunicorn('context-fetch-app.js', 1) },
];

const bar = (candidate: string, against: string): Bar => ({
  ...{ in: 'context', metric: 'micros', sense: 'at most', factor: 1.03 },
  ...{ candidate, against },
});

export const contextBars: readonly Bar[] = [bar('context', 'storage'), bar('context fetch', 'storage fetch')];
