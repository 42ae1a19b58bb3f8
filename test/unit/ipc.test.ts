import { describe, expect, it } from 'vitest';
import { isArbiterMessage, isWorkerMessage } from '../../src/ipc.ts';

const fromWorkers = ['hello', 'standby', 'ready', 'heartbeat', 'bootFailed', 'outgoing', 'leaving'];
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
];

describe('a message on the channel', () => {
  it.each(fromWorkers)('is a worker’s where it is %s', (tsunicorn) => {
    expect(isWorkerMessage({ tsunicorn })).toBe(true);
    expect(isArbiterMessage({ tsunicorn })).toBe(false);
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
