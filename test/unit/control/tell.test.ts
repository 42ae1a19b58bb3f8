import { expect, it } from 'vitest';
import type { Controlled } from '../../../src/control/controlled.ts';
import { tell } from '../../../src/control/tell.ts';
import type { AnyRecord } from '../../../src/log/records.ts';

const hold = { name: 'hold', age: 1, forMs: 1 } as const;
const reason = 'the service stops';

function logging(...records: readonly object[]): Controlled {
  return { tell: () => Promise.resolve(records as AnyRecord[]) } as unknown as Controlled;
}

it('a command that is refused is refused with the reason', async () => {
  const refused = { event: 'command-refused', command: 'heap', reason };
  await expect(tell(logging(refused), hold)).rejects.toThrow(`heap refused: ${reason}`);
  const limit = { event: 'scaling-limit', message: 'no more' };
  await expect(tell(logging(limit), { name: 'scale', count: 9 })).rejects.toThrow('scale refused: no more');
});

it('what is refused besides is not of the command', async () => {
  const others = [
    { event: 'command-refused', command: 'scale', reason },
    { event: 'scaling-limit', message: 'no more' },
    { event: 'upgrade-refused', reason },
  ];
  expect(await tell(logging(...others), hold)).toHaveLength(3);
});
