import { type Bar, type Candidate, server, tsunicorn } from './candidate.ts';

const gunicorn = [
  'gunicorn',
  '-k',
  'sync',
  '-w',
  '2',
  '-b',
  '127.0.0.1:0',
  '--chdir',
  server(''),
  'hello:app',
];

/** One request at a time in each of two processes: the model that Gunicorn made known, so it is the peer. */
export const syncCandidates: readonly Candidate[] = [
  {
    name: 'gunicorn sync',
    processes: 2,
    command: gunicorn,
    needs: { command: 'gunicorn', package: 'gunicorn' },
  },
  { name: 'tsunicorn sync', processes: 2, command: tsunicorn('app.js', 2, '-k', 'sync') },
  // For information: what it costs to accept only while idle.
  { name: 'tsunicorn async', processes: 2, command: tsunicorn('app.js', 2) },
];

export const syncBars: readonly Bar[] = [
  {
    in: 'sync',
    candidate: 'tsunicorn sync',
    metric: 'perSecond',
    sense: 'at least',
    factor: 1.2,
    against: 'gunicorn sync',
  },
];
