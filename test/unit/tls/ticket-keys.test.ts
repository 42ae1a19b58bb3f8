import { fstatSync, openSync } from 'node:fs';
import { expect, it } from 'vitest';
import { TicketKeys } from '../../../src/tls/ticket-keys.ts';

it('are the same for the arbiter that they are handed over to, which closes their file', () => {
  const keys = new TicketKeys(1000);
  const fd = keys.handOver();
  const taken = TicketKeys.taken(fd, 5000);
  expect(taken.text).toBe(keys.text);
  expect(() => fstatSync(fd ?? -1)).toThrow(/EBADF/);
  expect(taken.rotate(1000 + 12 * 3_600_000 - 1)).toBe(false);
});

it('leave no descriptor open where they cannot be written or read', () => {
  let full = -1;
  const make = () => {
    full = openSync('/dev/full', 'r+');
    return full;
  };
  expect(new TicketKeys(0).handOver(make)).toBeNull();
  expect(() => fstatSync(full)).toThrow(/EBADF/);
  const directory = openSync('/', 'r');
  expect(TicketKeys.taken(directory, 0).text).toHaveLength(64);
  expect(() => fstatSync(directory)).toThrow(/EBADF/);
});
