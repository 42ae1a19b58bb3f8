import type { RecordTable } from './record.ts';

/** Of workers, by the order of a worker's life. */
export const workerRecords = {
  'worker-booting': { level: 'info', fields: ['worker'], when: 'the process runs and loads the application' },
  'worker-standby': {
    level: 'debug',
    fields: ['worker'],
    when: 'it has loaded the application and stands by',
  },
  'worker-ready': {
    level: 'debug',
    fields: ['worker'],
    may: ['durationMs'],
    when: 'it accepts connections; `durationMs` is since its spawn, where it did not stand by',
  },
  'spare-called': {
    level: 'info',
    fields: ['worker', 'durationMs'],
    when: 'one that stood by accepts in the place of another',
  },
  'boot-failed': {
    level: ['critical', 'error'],
    fields: ['worker', 'reason', 'cause', 'exitStatus'],
    may: ['place', 'retryMs'],
    when: 'it could not boot; `critical` where the service ends for it, with this exit status',
  },
  'ready-path-waiting': {
    level: 'info',
    fields: ['worker', 'request', 'reason'],
    when: '`--ready-path` does not answer 2xx yet',
  },
  'worker-outgoing': {
    level: 'info',
    fields: ['worker', 'reason'],
    when: 'it is to be replaced, for a limit of recycling or a signal of its own',
  },
  'recycling-overdue': {
    level: 'warning',
    fields: ['worker', 'reason'],
    when: 'it takes far more memory than its limit and has not been replaced yet',
  },
  'recycling-held-back': {
    level: 'warning',
    fields: ['retryMs'],
    when: 'workers ask to be replaced soon after they got ready: the limit is too low',
  },
  'worker-retiring': { level: 'debug', fields: ['worker', 'reason'], when: 'it is told to finish and exit' },
  'retiring-hurried': {
    level: 'info',
    fields: ['phase', 'count', 'durationMs'],
    when: 'more workers retire than are wanted: the oldest close idle connections within seconds',
  },
  'drain-cut': {
    level: 'warning',
    fields: ['worker', 'count', 'durationMs', 'requests'],
    when: 'its grace is over and connections were cut; `requests` are the oldest of theirs',
  },
  'drain-failed': { level: 'error', fields: ['worker'], when: 'its drain failed' },
  'worker-overdue': {
    level: ['critical', 'warning', 'info'],
    fields: ['worker', 'reason', 'cause', 'signal'],
    when: 'the arbiter kills it for a limit; `critical` where it served',
  },
  'worker-stalled': {
    level: ['critical', 'error', 'warning'],
    fields: ['worker', 'reason', 'setting', 'durationMs', 'stack', 'requests'],
    when: 'it is killed because its event loop is blocked',
  },
  'loop-blocked': {
    level: ['warning', 'info'],
    fields: ['worker', 'phase', 'count', 'durationMs', 'stack', 'requests'],
    when: 'its event loop is blocked for longer than `--stall-warning`, and it lives on; `count` is how often, `durationMs` how long in all, `info` where it ends',
  },
  'boot-blocked': {
    level: 'warning',
    fields: ['worker', 'durationMs'],
    when: 'it boots, and its event loop is blocked for 5 s; once a generation',
  },
  'worker-stopped': {
    level: ['warning', 'info'],
    fields: ['worker', 'phase', 'durationMs', 'reason'],
    when: 'its process is stopped, by SIGSTOP or a debugger; `info` where it goes on',
  },
  'worker-exited': {
    level: ['error', 'warning', 'info', 'debug'],
    fields: ['worker', 'reason', 'cause'],
    may: ['signal', 'exitStatus', 'requests', 'accessComplete', 'memory', 'place'],
    when: 'its process has ended; `error` where that was nobody’s order',
  },
  'crash-loop': {
    level: 'warning',
    fields: ['retryMs'],
    when: 'workers end soon after they were ready, and the next waits',
  },
  'connections-full': {
    level: ['warning', 'info'],
    fields: ['worker', 'phase', 'count', 'durationMs', 'connections'],
    when: 'it has as many connections as `--worker-connections` allows; `info` when it ends',
  },
  'open-files-full': {
    level: ['error', 'warning', 'info'],
    fields: ['worker', 'phase', 'count', 'durationMs'],
    may: ['error'],
    when: 'it accepts nothing, as hardly a file more may be opened; `error` where none may, `info` when it ends',
  },
  'arbiter-gone': { level: 'warning', fields: ['worker'], when: 'its arbiter has ended, so that it drains' },
  'watchdog-failed': { level: 'warning', fields: ['worker'], when: 'its watchdog does not run' },
  'code-loaded': {
    level: 'debug',
    fields: ['generation'],
    may: ['count', 'worker'],
    when: 'a first worker has looked at what it loaded, or another whether that is the same',
  },
  'code-mixed': {
    level: 'warning',
    fields: ['worker', 'files', 'count'],
    when: 'a worker has loaded files that are not what the first one of its generation loaded; once a generation',
  },
} as const satisfies RecordTable;
