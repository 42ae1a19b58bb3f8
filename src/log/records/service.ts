import type { RecordTable } from './record.ts';

/** Of the service as a whole. */
export const serviceRecords = {
  starting: { level: 'info', fields: ['version'], when: 'the arbiter starts' },
  'worker-class': { level: 'info', fields: [], when: 'the arbiter starts: which class its workers are of' },
  'settings-questionable': {
    level: 'warning',
    fields: ['reason'],
    may: ['setting'],
    when: 'settings that are valid will hardly do what was meant',
  },
  listening: {
    level: 'info',
    fields: ['addresses'],
    when: 'a first worker accepts, or the first one of a reload that changed addresses',
  },
  signal: { level: 'info', fields: ['signal'], when: 'the arbiter got a signal that it handles' },
  application: { level: 'info', fields: ['file'], when: 'a first worker accepts: what it has loaded' },
  'signal-refused': {
    level: 'warning',
    fields: ['signal', 'reason'],
    when: 'HUP, TTIN, TTOU or WINCH changes nothing, as the arbiter stops or rests',
  },
  'stop-hastened': { level: 'info', fields: ['reason'], when: 'a stop goes on in a more urgent way' },
  lingering: { level: 'info', fields: ['durationMs'], when: 'a stop begins with `--drain-delay`' },
  stopped: { level: 'info', fields: ['exitStatus'], when: 'the arbiter ends' },
  'nobody-serves': {
    level: ['error', 'info'],
    fields: ['phase', 'durationMs', 'workers', 'causes'],
    when: 'no worker serves although some are wanted and one has served before; `info` when it ends',
  },
  scaled: { level: 'info', fields: ['workers', 'reason'], when: 'the load changes the number of workers' },
  'scaling-limit': {
    level: 'warning',
    fields: ['count', 'setting'],
    when: 'TTIN or TTOU asks for more or fewer workers than the limits allow',
  },
  'hook-failed': { level: 'error', fields: ['hook'], may: ['worker'], when: 'a hook throws or rejects' },
  'hook-slow': { level: 'warning', fields: ['hook', 'durationMs'], when: 'a hook took too long to wait for' },
  'internal-error': { level: 'critical', fields: [], when: 'tsunicorn has a bug; the service goes on' },
  'notify-failed': {
    level: 'error',
    fields: ['reason'],
    when: 'systemd cannot be told how the service does',
  },
} as const satisfies RecordTable;
