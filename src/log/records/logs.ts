import type { RecordTable } from './record.ts';

/** Of the logs themselves. */
export const logRecords = {
  'log-unopened': {
    level: 'error',
    fields: ['file', 'error', 'reason'],
    when: 'the error log cannot be opened, and the standard error takes its place',
  },
  'log-unwritable': {
    level: ['error', 'info'],
    fields: ['phase', 'file', 'lost', 'durationMs', 'error'],
    may: ['worker'],
    when: 'lines of a log cannot be written; 1 MiB of them is held, what comes beyond is lost. Of the error log it is said on the standard error',
  },
  'log-not-reopened': {
    level: ['error', 'info'],
    fields: ['phase', 'file', 'durationMs', 'error'],
    may: ['worker'],
    when: 'a log file cannot be reopened (USR1), and its lines go on to the old one; it is tried again',
  },
  'access-lines-lost': {
    level: 'error',
    fields: ['worker', 'lost', 'file', 'error'],
    when: 'a worker was killed from outside, and the arbiter cannot write the lines of its requests either',
  },
  'log-given': {
    level: 'info',
    fields: ['file'],
    when: 'with `--user`: a log file that only root could write is given to that user',
  },
} as const satisfies RecordTable;
