import type { RecordTable } from './record.ts';

/** Of the service as a whole. */
export const serviceRecords = {
  starting: { level: 'info', fields: ['version'], when: 'the arbiter starts' },
  'worker-class': {
    level: 'info',
    fields: ['class'],
    when: 'the arbiter starts: the class of its workers',
  },
  'worker-heap': {
    level: 'info',
    fields: ['reason'],
    when: 'the heap limit that follows from `--worker-heap`',
  },
  'settings-questionable': {
    level: 'warning',
    fields: ['reason'],
    may: ['setting'],
    when: 'settings are valid, but probably not what was meant',
  },
  listening: {
    level: 'info',
    fields: ['addresses'],
    when: 'the first worker accepts, or the first one after a reload that changed addresses',
  },
  certificate: {
    level: ['info', 'warning'],
    fields: ['file', 'daysLeft'],
    may: ['reason'],
    when: 'a certificate is served from now on; a warning if it ends soon or its chain is not complete',
  },
  'certificate-ends': {
    level: ['warning', 'error'],
    fields: ['file', 'daysLeft'],
    when: 'once a day while a certificate ends soon, or has expired',
  },
  'certificates-renewed': {
    level: 'info',
    fields: ['files'],
    when: 'the files of certificates have changed, and all workers get the new ones',
  },
  'certificates-refused': {
    level: 'error',
    fields: ['reason'],
    when: 'the files of certificates have changed, and are not used; the ones before serve on',
  },
  'admin-listening': {
    level: 'info',
    fields: ['addresses'],
    when: 'the arbiter itself answers at `--admin-bind`',
  },
  'admin-failed': {
    level: 'error',
    fields: ['reason'],
    when: 'the arbiter cannot accept at `--admin-bind`',
  },
  control: {
    level: 'info',
    fields: ['command'],
    when: 'somebody asks for a change at the control socket or on the page',
  },
  'page-refused': {
    level: 'warning',
    fields: ['client'],
    when: 'somebody gives a wrong token at `--admin-bind`, to the page or in a header',
  },
  'command-refused': {
    level: 'warning',
    fields: ['command', 'reason'],
    when: 'a command at the control socket has no effect, because of what the service is doing',
  },
  'heap-written': {
    level: 'info',
    fields: ['worker', 'file', 'bytes', 'durationMs'],
    when: 'a worker has written its heap to a file, as was asked for, and retires',
  },
  'heap-failed': {
    level: 'warning',
    fields: ['worker', 'reason'],
    when: 'a worker was to write its heap, and has not; where its replacement serves it retires',
  },
  draining: {
    level: 'info',
    fields: [],
    when: 'the service is told to drain: it accepts, and is not ready, until it is stopped',
  },
  'control-off': {
    level: 'info',
    fields: ['reason'],
    when: 'no directory can be used for the control socket, so that there is none',
  },
  'control-failed': {
    level: 'error',
    fields: ['reason'],
    when: 'the arbiter cannot accept at its control socket',
  },
  'counters-sent': {
    level: ['warning', 'info'],
    fields: ['reason'],
    when: '/dev/shm cannot be used, so that workers send what they count once a second; a warning with --admin-bind',
  },
  signal: { level: 'info', fields: ['signal'], when: 'the arbiter received a signal that it handles' },
  application: {
    level: 'info',
    fields: ['file'],
    when: 'the first worker accepts: the file that it has loaded',
  },
  'signal-refused': {
    level: 'warning',
    fields: ['signal', 'reason'],
    when: 'HUP, TTIN, TTOU or WINCH has no effect, because the arbiter is stopping or its workers have retired',
  },
  'stop-hastened': {
    level: 'info',
    fields: ['reason'],
    when: 'a stop that is under way becomes more urgent',
  },
  lingering: { level: 'info', fields: ['durationMs'], when: 'a stop begins with `--drain-delay`' },
  stopped: { level: 'info', fields: ['exitStatus'], when: 'the arbiter ends' },
  'nobody-serves': {
    level: ['error', 'info'],
    fields: ['phase', 'durationMs', 'workers', 'causes'],
    when: 'no worker serves, although one has served before; `info` when it ends',
  },
  scaled: {
    level: 'info',
    fields: ['count', 'reason'],
    may: ['utilisation', 'inFlight'],
    when: 'the number of workers changes with the load, or by TTOU while the workers rest',
  },
  'scaling-limit': {
    level: 'warning',
    fields: ['count', 'setting'],
    when: 'TTIN or TTOU asks for more or fewer workers than the limits allow',
  },
  'hook-failed': { level: 'error', fields: ['hook'], may: ['worker'], when: 'a hook throws or rejects' },
  'hook-slow': {
    level: 'warning',
    fields: ['hook', 'durationMs'],
    when: 'a hook took too long, and is no longer waited for',
  },
  'internal-error': { level: 'critical', fields: [], when: 'tsunicorn has a bug; the service continues' },
  'chdir-failed': {
    level: 'error',
    fields: ['reason', 'file'],
    when: 'a reload asks for another directory, and the arbiter cannot enter it',
  },
  'pidfile-failed': {
    level: 'error',
    fields: ['reason'],
    when: 'a reload asks for another pidfile, and it cannot be written',
  },
  'watch-failed': {
    level: 'warning',
    fields: ['reason'],
    when: 'files cannot be watched completely (`--reload`)',
  },
  'files-changed': {
    level: 'info',
    fields: ['files'],
    when: 'in development: files have changed, and a reload begins',
  },
  'change-awaited': {
    level: 'error',
    fields: ['reason', 'worker', 'exitStatus'],
    may: ['code', 'place'],
    when: 'in development: the application cannot be loaded until something changes',
  },
  'notify-failed': {
    level: 'error',
    fields: ['reason'],
    when: 'a message to systemd could not be sent',
  },
} as const satisfies RecordTable;
