import type { RecordTable } from './record.ts';

/** Of requests and of the application. */
export const requestRecords = {
  'server-settings-ignored': {
    level: 'warning',
    fields: ['worker', 'reason'],
    when: 'a worker boots, and what its application has set on a server that it exports has no effect in this class',
  },
  'application-failed': {
    level: 'error',
    fields: ['worker', 'reason'],
    may: ['request', 'place'],
    when: 'a handler threw or rejected, and its client got 500',
  },
  uncaught: {
    level: 'error',
    fields: ['worker', 'reason', 'count'],
    may: ['place'],
    when: 'an exception or rejection was not caught: the worker ends; `count` is how many have been so far, and beyond ten at most one a second is logged',
  },
  'disconnect-ignored': {
    level: 'warning',
    fields: ['worker'],
    when: 'the application called `process.disconnect()`, which is the worker’s to call',
  },
  'gateway-errors': {
    level: 'error',
    fields: ['worker'],
    when: 'a gateway application wrote a line to `wsgi.errors`',
  },
  'request-refused': {
    level: 'info',
    fields: ['worker', 'reason', 'client', 'error'],
    may: ['phase', 'count', 'durationMs'],
    when: 'a request was answered by the server itself, as it is not HTTP, too large or too slow; of more than ten a minute the latest stands for `count`, at most once a second',
  },
  'request-timeout': {
    level: ['warning', 'error'],
    fields: ['worker', 'request', 'setting', 'durationMs'],
    may: ['stack'],
    when: 'a request took longer than its limit',
  },
  'requests-stuck': {
    level: ['warning', 'info'],
    fields: ['worker', 'phase', 'count', 'durationMs', 'requests', 'setting'],
    when: 'requests wait for the application for `--request-warning` while its event loop turns; `requests` are the oldest, `limit` is the setting that ends them, or null; `info` where none does any more',
  },
  'timeout-ignored': {
    level: 'warning',
    fields: ['worker', 'request'],
    when: 'the handler of such a request goes on',
  },
  'thread-ended': {
    level: 'error',
    fields: ['worker', 'cause'],
    may: ['request'],
    when: 'a thread ended that was not told to, and is replaced',
  },
  'thread-not-started': {
    level: 'error',
    fields: ['worker', 'reason', 'retryMs'],
    when: 'a thread that replaces another did not start',
  },
} as const satisfies RecordTable;
