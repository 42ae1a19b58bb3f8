import type { RecordTable } from './record.ts';

/** Of the logs themselves. */
export const logRecords = {
  'log-unopened': {
    level: 'error',
    fields: ['file', 'error', 'reason'],
    when: 'the error log cannot be opened, and the standard error is used instead',
  },
  'log-unwritable': {
    level: ['error', 'info'],
    fields: ['phase', 'file', 'lost', 'durationMs', 'error'],
    may: ['worker'],
    when: 'lines of a log cannot be written; up to 1 MiB of them is held, further lines are lost. For the error log, this record goes to the standard error',
  },
  'log-not-reopened': {
    level: ['error', 'info'],
    fields: ['phase', 'file', 'durationMs', 'error'],
    may: ['worker'],
    when: 'a log file cannot be reopened (USR1); lines still go to the old one, and reopening is tried again',
  },
  'access-lines-lost': {
    level: 'error',
    fields: ['worker', 'lost', 'file', 'error'],
    when: 'a worker was killed from outside, and the arbiter cannot write the lines of its requests',
  },
  'spans-lost': {
    level: ['warning', 'info'],
    fields: ['phase', 'lost', 'durationMs', 'reason'],
    may: ['worker'],
    when: 'the receiver of `--otlp-traces` does not take the spans of a worker; said when it begins and when it ends',
  },
  'log-given': {
    level: 'info',
    fields: ['file'],
    when: 'with `--user`: a log file that only root could write is given to that user',
  },
} as const satisfies RecordTable;
