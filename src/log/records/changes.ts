import type { RecordTable } from './record.ts';

/** Of reloads, upgrades and rests. A reload or an upgrade that began has one outcome. */
export const changeRecords = {
  'reload-promoted': {
    level: 'info',
    fields: ['generation'],
    may: ['file'],
    when: 'outcome: a worker of the new generation is ready, and the old ones are replaced',
  },
  'reload-tried': {
    level: 'info',
    fields: ['generation'],
    when: 'a worker of the new generation is ready, and its required companions have to last',
  },
  'reload-refused': {
    level: 'error',
    fields: ['generation', 'reason'],
    may: ['code'],
    when: 'outcome: the configuration cannot be used; nothing was changed',
  },
  'reload-undone': {
    level: 'error',
    fields: ['generation', 'reason'],
    may: ['worker', 'place', 'exitStatus', 'cause', 'code'],
    when: 'outcome: the first worker of the new generation did not become ready, or a required companion failed; the old workers keep serving',
  },
  'reload-superseded': {
    level: 'info',
    fields: ['generation', 'reason'],
    when: 'outcome: another reload replaces it, or the service stops or its workers retire (WINCH)',
  },
  'reload-queued': {
    level: 'info',
    fields: ['generation'],
    when: 'HUP while the first worker of `generation` is starting: one more reload follows',
  },
  'reload-follows': { level: 'info', fields: [], when: 'a queued reload begins' },
  'upgrade-refused': { level: 'warning', fields: ['reason'], when: 'USR2 was refused' },
  'upgrade-started': { level: 'info', fields: ['arbiter'], when: 'a new arbiter starts' },
  'upgrade-ready': { level: 'info', fields: ['arbiter'], when: 'the new arbiter serves as well' },
  'upgrade-failed': {
    level: ['error', 'info'],
    fields: ['reason'],
    may: ['arbiter', 'exitStatus', 'signal'],
    when: 'outcome: the new arbiter ended before it was ready; `info` if both were told to stop',
  },
  'upgrade-rolled-back': {
    level: ['info', 'error'],
    fields: ['arbiter', 'reason'],
    may: ['exitStatus', 'signal'],
    when: 'outcome: the new arbiter has ended; `error` if it was not told to stop',
  },
  'upgrade-done': { level: 'info', fields: ['arbiter'], when: 'outcome: the old arbiter has ended' },
  'upgrade-left': {
    level: 'info',
    fields: ['arbiter'],
    when: 'this arbiter ends, and the new one keeps serving',
  },
  'stop-waits': { level: 'warning', fields: [], when: 'a stop waits until the new arbiter serves' },
  'stop-waited': {
    level: 'error',
    fields: [],
    when: 'such a stop ends the wait: the new arbiter does not become ready',
  },
  resting: { level: 'info', fields: [], when: 'WINCH: the workers retire and the sockets stay' },
  'winch-ignored': {
    level: 'debug',
    fields: [],
    when: 'WINCH is ignored, since a terminal may have sent it for a change of its window',
  },
  resumed: { level: 'info', fields: ['reason'], when: 'the workers are started again after WINCH' },
} as const satisfies RecordTable;
