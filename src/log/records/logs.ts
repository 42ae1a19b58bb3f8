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
    fields: ['phase', 'file', 'lost', 'durationMs'],
    may: ['worker', 'error', 'reason'],
    when: 'lines cannot be written; they are held for a while, then lost',
  },
  'log-not-reopened': {
    level: ['error', 'info'],
    fields: ['phase', 'file'],
    may: ['worker', 'error', 'reason'],
    when: 'a log file cannot be opened again (USR1), and the lines go to the old one',
  },
} as const satisfies RecordTable;
