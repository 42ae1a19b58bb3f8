import { describe, expect, it } from 'vitest';
import { isArbiterMessage, isWorkerMessage } from '../../src/ipc.ts';

const seen = { stack: ['at f'], requests: [], omitted: 0, unread: 0 };
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
  { tsunicorn: 'stalled', blockedMs: 1, limit: 'timeout', seen },
  { tsunicorn: 'stalled', blockedMs: 1, limit: 'timeout', seen: { ...seen, stack: null } },
  { tsunicorn: 'debugged' },
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
  { tsunicorn: 'stalled', blockedMs: 1, limit: 'timeout' },
  { tsunicorn: 'stalled', blockedMs: 1, limit: 'timeout', seen: null },
  { tsunicorn: 'stalled', blockedMs: 1, limit: 'timeout', seen: { ...seen, stack: 'x' } },
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
