import type { RecordTable } from './record.ts';

/** Of reloads, upgrades and rests. A reload or an upgrade that began has one outcome. */
export const changeRecords = {
  'reload-promoted': {
    level: 'info',
    fields: ['generation'],
    may: ['file'],
    when: 'outcome: a worker of the new generation is ready, and the others are replaced',
  },
  'reload-refused': {
    level: 'error',
    fields: ['generation', 'reason'],
    when: 'outcome: the configuration cannot be used; nothing was changed',
  },
  'reload-undone': {
    level: 'error',
    fields: ['generation', 'reason', 'worker'],
    may: ['place', 'exitStatus', 'cause'],
    when: 'outcome: the first worker of the new generation did not get ready; the old ones serve on',
  },
  'reload-superseded': {
    level: 'info',
    fields: ['generation', 'reason'],
    when: 'outcome: another reload takes its place, or the service stops or rests',
  },
  'reload-queued': {
    level: 'info',
    fields: ['generation'],
    when: 'HUP while a worker of `generation` is proved: one more reload follows',
  },
  'reload-follows': { level: 'info', fields: [], when: 'the reload begins that was to follow another' },
  'upgrade-refused': { level: 'warning', fields: ['reason'], when: 'USR2 was refused' },
  'upgrade-started': { level: 'info', fields: ['arbiter'], when: 'a new arbiter starts' },
  'upgrade-ready': { level: 'info', fields: ['arbiter'], when: 'the new arbiter serves too' },
  'upgrade-failed': {
    level: ['error', 'info'],
    fields: ['reason'],
    may: ['arbiter', 'exitStatus', 'signal'],
    when: 'outcome: the new arbiter ended before it was ready; `info` where both were told to stop',
  },
  'upgrade-rolled-back': {
    level: ['info', 'error'],
    fields: ['arbiter', 'reason'],
    may: ['exitStatus', 'signal'],
    when: 'outcome: the new arbiter has ended; `error` where that was nobody’s order',
  },
  'upgrade-done': { level: 'info', fields: ['arbiter'], when: 'outcome: the old arbiter has ended' },
  'upgrade-left': { level: 'info', fields: ['arbiter'], when: 'this arbiter ends, and the new one goes on' },
  'stop-waits': { level: 'warning', fields: [], when: 'a stop waits until the new arbiter serves' },
  'stop-waited': {
    level: 'error',
    fields: [],
    when: 'such a stop waits no longer: the new arbiter does not get ready',
  },
  resting: { level: 'info', fields: [], when: 'WINCH: the workers retire and the sockets stay' },
  'winch-ignored': {
    level: 'debug',
    fields: [],
    when: 'WINCH may be a terminal’s, whose window has changed',
  },
  resumed: { level: 'info', fields: ['reason'], when: 'the workers come back after WINCH' },
} as const satisfies RecordTable;
