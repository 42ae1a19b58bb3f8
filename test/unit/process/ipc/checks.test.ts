import { describe, expect, it } from 'vitest';
import { isArbiterMessage, isWorkerMessage } from '../../../../src/process/ipc/checks.ts';

const seen = { stack: ['at f'], requests: [], omitted: 0, unread: 0 };
const flight = {
  ...{ id: 1, method: 'GET', url: '/', cut: false, remote: '', protocol: 'HTTP/1.1' },
  ...{ status: 0, ended: false, bytes: 0, startedMs: 1, requestId: '', traceId: '' },
};
const fromWorkers = [
  { tsunicorn: 'hello' },
  { tsunicorn: 'standby' },
  { tsunicorn: 'ready', urls: ['http://127.0.0.1:1'] },
  { tsunicorn: 'heartbeat' },
  { tsunicorn: 'heartbeat', load: { utilisation: 0.5, inFlight: 1 } },
  { tsunicorn: 'bootFailed', exitStatus: 4, message: 'it threw' },
  { tsunicorn: 'bootFailed', exitStatus: 4, message: 'it threw', stack: 'Error', place: { lines: [] } },
  { tsunicorn: 'loaded', files: ['/a'], missing: [], atMs: 1 },
  { tsunicorn: 'outgoing', reason: 'SIGTERM', by: 'signal' },
  { tsunicorn: 'leaving', reason: 'SIGTERM', by: 'signal' },
  { tsunicorn: 'stalled', blockedMs: 1, limit: 'timeout', accessComplete: true, seen },
  {
    tsunicorn: 'stalled',
    blockedMs: 1,
    limit: 'timeout',
    accessComplete: true,
    seen: { ...seen, stack: null },
  },
  { tsunicorn: 'debugged' },
  {
    tsunicorn: 'flights',
    began: [flight],
    changed: [{ id: 1, status: 200, ended: true, bytes: 3 }],
    over: [7],
  },
  { tsunicorn: 'accessLines', lines: ['x'] },
  { tsunicorn: 'accounted', complete: false },
];
const fromArbiter = ['boot', 'accept', 'retire', 'quit', 'reopenLogs'];
const foreign = [
  'ready',
  null,
  undefined,
  7,
  true,
  [],
  {},
  { type: 'ready' },
  { cmd: 'NODE_HANDLE' },
  { tsunicorn: null },
  { tsunicorn: 7 },
  { tsunicorn: ['ready'] },
  { tsunicorn: 'nonsense' },
  { tsunicorn: 'toString' },
  { tsunicorn: 'ready' },
  { tsunicorn: 'ready', urls: [7] },
  { tsunicorn: 'heartbeat', load: { utilisation: 'much' } },
  { tsunicorn: 'bootFailed', exitStatus: 4 },
  { tsunicorn: 'bootFailed', exitStatus: 0.5, message: 'x' },
  { tsunicorn: 'bootFailed', exitStatus: 4, message: 'x', place: {} },
  { tsunicorn: 'loaded' },
  { tsunicorn: 'outgoing' },
  { tsunicorn: 'outgoing', reason: 'SIGTERM', by: 'somebody' },
  { tsunicorn: 'leaving', reason: null, by: 'itself' },
  { tsunicorn: 'flights', began: [{ ...flight, url: 7 }], changed: [], over: [] },
  { tsunicorn: 'flights', began: [], changed: [], over: ['1'] },
  { tsunicorn: 'accessLines', lines: [1] },
  { tsunicorn: 'accounted' },
  { tsunicorn: 'stalled', blockedMs: 1, limit: 'timeout' },
  { tsunicorn: 'stalled', blockedMs: 1, limit: 'timeout', accessComplete: true, seen: null },
  {
    tsunicorn: 'stalled',
    blockedMs: 1,
    limit: 'timeout',
    accessComplete: true,
    seen: { ...seen, stack: 'x' },
  },
];

describe('a message on the channel', () => {
  it.each(fromWorkers)('is a worker’s where it is %j', (message) => {
    expect(isWorkerMessage(message)).toBe(true);
    expect(isArbiterMessage(message)).toBe(false);
  });

  it.each(fromArbiter)('is the arbiter’s where it is %s', (tsunicorn) => {
    expect(isArbiterMessage({ tsunicorn })).toBe(true);
    expect(isWorkerMessage({ tsunicorn })).toBe(false);
  });

  it.each(foreign.map((message) => [message]))('is nobody’s of ours where it is %j', (message) => {
    expect(isWorkerMessage(message)).toBe(false);
    expect(isArbiterMessage(message)).toBe(false);
  });
});
