import { closeSync, fstatSync, openSync } from 'node:fs';
import { expect, it, onTestFinished } from 'vitest';
import { ENCODINGS } from '../../../../../src/http/edge/static/encodings.ts';
import { FileHeads, keyOf } from '../../../../../src/http/edge/static/file-head.ts';

const path = import.meta.filename;

it('wakes all who wait, also behind those that make no head when it is their turn', async () => {
  const fd = openSync(path, 'r');
  onTestFinished(() => closeSync(fd));
  const heads = new FileHeads();
  const file = { fd, stats: fstatSync(fd), again: () => null };
  const made: unknown[] = [];
  while (!heads.isBusy) made.push(heads.headOf(path, file, null, { 'if-none-match': '"other"' }));
  const turns = Array.from({ length: 3 * made.length }, (_, number) => heads.turn(() => number));
  const failed = heads.turn(() => {
    throw new Error('on purpose');
  });
  const last = heads.turn(() => 'last');
  await expect(failed).rejects.toThrow('on purpose');
  expect(await Promise.all(turns)).toHaveLength(turns.length);
  expect(await last).toBe('last');
  await Promise.all(made);
});

it('tells an encoding of a file from the file of that name', () => {
  const [brotli = null] = ENCODINGS;
  expect(keyOf('/a.js', brotli)).not.toBe(keyOf('/a.js.br', null));
});
