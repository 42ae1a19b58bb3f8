import { expect, it } from 'vitest';
import { chooseEncoding, ENCODINGS } from '../../../../../src/http/edge/static/encodings.ts';

it.each([
  [undefined, null],
  ['', null],
  ['identity', null],
  ['gzip', 'gzip'],
  ['x-gzip', 'gzip'],
  ['GZIP', 'gzip'],
  ['gzip, deflate, br, zstd', 'br'],
  ['gzip;q=1.0, br;q=0.9', 'gzip'],
  ['gzip;q=0.2, zstd;q=0.8', 'zstd'],
  ['br;q=0, gzip;q=0.1', 'gzip'],
  ['*', 'br'],
  ['*;q=0.5, gzip', 'gzip'],
  ['br;q=0, *', 'zstd'],
  ['gzip;q=0', null],
  ['*;q=0', null],
  ['identity, gzip;q=0.5', null],
  ['identity;q=0.5, gzip;q=0.5', 'gzip'],
  ['gzip ; q = 0.4 , identity;q=0.3', 'gzip'],
  ['gzip;q=nonsense', null],
  ['gzip;q=2', null],
  ['deflate', null],
])('of all encodings, Accept-Encoding: %s chooses %s', (accepted, name) => {
  expect(chooseEncoding(accepted, ENCODINGS)?.name ?? null).toBe(name);
});

it('chooses among those that are there', () => {
  const [, zstd, gzip] = ENCODINGS;
  if (zstd === undefined || gzip === undefined) throw new Error('there are three');
  expect(chooseEncoding('br, gzip, zstd', [gzip])).toBe(gzip);
  expect(chooseEncoding('br', [zstd, gzip])).toBeNull();
  expect(chooseEncoding('*', [])).toBeNull();
});
