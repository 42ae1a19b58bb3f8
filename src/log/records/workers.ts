import type { RecordTable } from './record.ts';

/** Of workers, in the order of a worker's life. */
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
    when: 'it accepts connections; `durationMs` is the time since its spawn, unless it stood by',
  },
  'spare-called': {
    level: 'info',
    fields: ['worker', 'durationMs'],
    when: 'a spare worker accepts in place of another',
  },
  'boot-failed': {
    level: ['critical', 'error'],
    fields: ['worker', 'reason', 'cause', 'exitStatus'],
    may: ['code', 'place', 'retryMs'],
    when: 'it could not boot; `critical` if the service ends because of it, with this exit status',
  },
  'program-port': {
    level: 'info',
    fields: ['worker', 'reason'],
    when: 'the program asks for another port than the one at which it is served',
  },
  'program-cluster': {
    level: 'info',
    fields: ['worker', 'reason'],
    when: 'the program asks node:cluster whether it is the primary; once',
  },
  'program-listens': {
    level: 'warning',
    fields: ['worker', 'reason'],
    when: 'the program calls `listen()` where that has another effect than may be meant, or none',
  },
  'ready-path-waiting': {
    level: 'info',
    fields: ['worker', 'request', 'reason'],
    when: '`--ready-path` does not answer 2xx yet',
  },
  'worker-outgoing': {
    level: 'info',
    fields: ['worker', 'reason'],
    when: 'it will be replaced, because of a recycling limit or a signal sent to it',
  },
  'recycling-overdue': {
    level: 'warning',
    fields: ['worker', 'reason'],
    when: 'it uses far more memory than its limit and has not been replaced yet',
  },
  'recycling-held-back': {
    level: 'warning',
    fields: ['retryMs'],
    when: 'workers reach a recycling limit soon after they became ready: the limit is too low',
  },
  'worker-retiring': { level: 'debug', fields: ['worker', 'reason'], when: 'it is told to finish and exit' },
  'retiring-hurried': {
    level: 'info',
    fields: ['phase', 'count', 'durationMs'],
    when: 'more workers are retiring than the service has places: the oldest close idle connections within seconds',
  },
  'drain-cut': {
    level: 'warning',
    fields: ['worker', 'count', 'durationMs', 'requests'],
    when: '`--graceful-timeout` is over and its connections were cut; `requests` are the oldest ones',
  },
  'drain-failed': {
    level: 'error',
    fields: ['worker'],
    when: 'an error occurred while it finished its connections',
  },
  'worker-overdue': {
    level: ['critical', 'warning', 'info'],
    fields: ['worker', 'reason', 'cause', 'signal'],
    when: 'the arbiter kills it because of a limit; `critical` if it served',
  },
  'worker-stalled': {
    level: ['critical', 'error', 'warning'],
    fields: ['worker', 'reason', 'setting', 'durationMs', 'stack', 'requests'],
    when: 'it is killed because its event loop is blocked',
  },
  'loop-blocked': {
    level: ['warning', 'info'],
    fields: ['worker', 'phase', 'count', 'durationMs', 'stack', 'requests'],
    may: ['threadId', 'queued'],
    when: 'its event loop, or in class `thread` that of a thread, is blocked for longer than `--stall-warning`, and it is not killed for it; `count` is how often, `durationMs` how long in total; `info` when it ends',
  },
  'boot-blocked': {
    level: 'warning',
    fields: ['worker', 'durationMs'],
    when: 'its event loop is blocked for 5 s while it boots; once a generation',
  },
  'worker-stopped': {
    level: ['warning', 'info'],
    fields: ['worker', 'phase', 'durationMs', 'reason'],
    when: 'its process is stopped, by SIGSTOP or a debugger; `info` when it continues',
  },
  'worker-exited': {
    level: ['error', 'warning', 'info', 'debug'],
    fields: ['worker', 'reason', 'cause'],
    may: ['signal', 'exitStatus', 'requests', 'accessComplete', 'memory', 'place'],
    when: 'its process has ended; `error` if it was not told to end',
  },
  'crash-loop': {
    level: 'warning',
    fields: ['retryMs'],
    when: 'workers end soon after they were ready, and the next start is delayed',
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
    when: 'it accepts nothing, because only few more files can be opened; `error` if none can, `info` when it ends',
  },
  'arbiter-gone': {
    level: 'warning',
    fields: ['worker'],
    when: 'its arbiter has ended, so it finishes its requests and exits',
  },
  'watchdog-failed': { level: 'warning', fields: ['worker'], when: 'its watchdog does not run' },
  'code-loaded': {
    level: 'debug',
    fields: ['generation'],
    may: ['count', 'worker'],
    when: 'the first worker of a generation has recorded the files that it loaded, or another one has compared its own with them',
  },
  'code-mixed': {
    level: 'warning',
    fields: ['worker', 'generation', 'files', 'count'],
    when: 'it has loaded other versions of files than the first worker of its generation; once a generation',
  },
} as const satisfies RecordTable;
