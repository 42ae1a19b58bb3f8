import { type Bar, type Candidate, tsunicorn } from './candidate.ts';

/** What it costs to run even the smallest handler in a thread: two messages between threads a request. */
export const threadCandidates: readonly Candidate[] = [
  { name: 'tsunicorn async', processes: 1, command: tsunicorn('app.js', 1) },
  {
    name: 'tsunicorn thread',
    processes: 1,
    command: tsunicorn('app.js', 1, '-k', 'thread', '--threads', '2'),
  },
];

export const threadBars: readonly Bar[] = [
  {
    in: 'thread',
    candidate: 'tsunicorn thread',
    metric: 'perSecond',
    sense: 'at least',
    factor: 0.12,
    against: 'tsunicorn async',
  },
];
