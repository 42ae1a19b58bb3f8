import { expect, it } from 'vitest';
import { countLost } from '../../../src/metrics/lost-lines.ts';

it('lines that a log has lost are counted once, though each record says how many they are since it began', () => {
  let lines = 0;
  const took = countLost((more) => {
    lines += more;
  });
  const unwritable = { event: 'log-unwritable', file: 'access.log' };
  took({ ...unwritable, phase: 'begins', lost: 1 });
  took({ ...unwritable, phase: 'lasts', lost: 10 });
  took({ event: 'log-unwritable', file: 'udp://127.0.0.1:514', phase: 'begins', lost: 5 });
  took({ ...unwritable, phase: 'ends', lost: 12 });
  expect(lines).toBe(17);
  took({ ...unwritable, phase: 'begins', lost: 2 });
  took({ event: 'access-lines-lost', file: 'access.log', lost: 3 });
  took({ event: 'signal' });
  expect(lines).toBe(22);
});
