import type { RecordTable } from './record.ts';

/** Of requests and of the application. */
export const requestRecords = {
  'server-settings-ignored': {
    level: 'warning',
    fields: ['worker', 'reason'],
    when: 'a worker boots, and something that its application has set on the exported server has no effect in this class',
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
    when: 'an exception or rejection was not caught, and the worker ends; `count` is their number so far, and after ten at most one a second is logged',
  },
  'disconnect-ignored': {
    level: 'warning',
    fields: ['worker'],
    when: 'the application called `process.disconnect()`; only the worker may do so',
  },
  'gateway-errors': {
    level: 'error',
    fields: ['worker'],
    when: 'a gateway application wrote a line to `wsgi.errors`',
  },
  'queue-timeout': {
    level: ['warning', 'info'],
    fields: ['worker', 'setting', 'phase', 'count', 'durationMs'],
    may: ['request'],
    when: 'requests had waited for longer than `--queue-timeout` before the application got them, and were answered with 503; `request` is the latest',
  },
  'request-refused': {
    level: 'warning',
    fields: ['worker', 'reason', 'client', 'error'],
    may: ['count'],
    when: 'a request was answered by the server itself, because it was not HTTP or not safe, too large or too slow; the first of a client and a reason is logged at once, more of them once a second, with their `count`',
  },
  'file-not-sent': {
    level: ['warning', 'info'],
    fields: ['worker', 'phase', 'count', 'durationMs'],
    may: ['request', 'file', 'reason'],
    when: 'a file of `--static`, or one that the application asked for by `X-Sendfile` or `X-Accel-Redirect`, could not be sent; `request`, `file` and `reason` are those of the latest, and `info` says that there has been none for ten seconds',
  },
  'body-not-kept': {
    level: ['warning', 'info'],
    fields: ['worker', 'phase', 'count', 'durationMs'],
    may: ['request', 'reason'],
    when: 'in class `sync` or `thread` a large body could not be written to a file in `TMPDIR`, or found no room (`--body-files`), and its client got 503; `request` and `reason` are those of the latest, and `info` says that there has been none for ten seconds',
  },
  'request-timeout': {
    level: ['warning', 'error'],
    fields: ['worker', 'request', 'setting', 'durationMs'],
    may: ['stack', 'ageMs', 'thread'],
    when: 'a request took longer than its limit',
  },
  'requests-stuck': {
    level: ['warning', 'info'],
    fields: ['worker', 'phase', 'count', 'durationMs', 'requests', 'setting', 'limit'],
    when: 'requests have waited for the application for `--request-warning` while its event loop is free; `requests` are the oldest; `info` when none waits any more',
  },
  'timeout-ignored': {
    level: 'warning',
    fields: ['worker', 'request'],
    when: 'the handler of such a request continues',
  },
  'thread-ended': {
    level: 'error',
    fields: ['worker', 'cause'],
    may: ['request'],
    when: 'a thread ended without being told to, and is replaced',
  },
  'thread-not-started': {
    level: 'error',
    fields: ['worker', 'reason', 'retryMs'],
    when: 'the replacement of a thread did not start',
  },
} as const satisfies RecordTable;
