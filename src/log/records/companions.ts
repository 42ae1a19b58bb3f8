import type { RecordTable } from './record.ts';

/** Of companions, the processes beside the workers. */
export const companionRecords = {
  'companion-started': { level: 'info', fields: ['companion'], when: 'its process was started' },
  'companion-ready': {
    level: 'debug',
    fields: ['companion'],
    when: 'it says that it is ready (`tsunicorn/companion`)',
  },
  'companion-output': {
    level: 'info',
    fields: ['companion', 'stream'],
    when: 'it wrote a line, which is the message, behind its name',
  },
  'companion-ending': { level: 'debug', fields: ['companion', 'reason'], when: 'it is told to end by TERM' },
  'companion-overdue': {
    level: 'warning',
    fields: ['companion', 'reason', 'cause'],
    when: 'it is killed, as it did not end in time or sent no heartbeat',
  },
  'companion-exited': {
    level: ['error', 'warning', 'info'],
    fields: ['companion', 'reason', 'cause', 'durationMs'],
    may: ['exitStatus', 'signal', 'retryMs'],
    when: 'its process has ended; `error` if it was not told to end; `retryMs` if another is started in its place',
  },
  'companion-missed': {
    level: 'warning',
    fields: ['companion', 'count', 'reason'],
    when: 'runs of its schedule were left out',
  },
  'companions-unbound': {
    level: 'warning',
    fields: ['reason'],
    when: 'at the start: companions may outlive an arbiter that is killed',
  },
  'companions-taken': {
    level: 'info',
    fields: [],
    when: 'in an upgrade: this arbiter runs the companions from now on, and the other one does not',
  },
} as const satisfies RecordTable;
