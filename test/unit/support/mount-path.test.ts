import { expect, it } from 'vitest';
import { mountPathOf } from '../../../src/support/mount-path.ts';

it.each([
  ['/', ''],
  ['/api', '/api'],
  ['/api/', '/api'],
  ['/api/v1', '/api/v1'],
  ['/.well-known', '/.well-known'],
  ['/grün', '/gr%C3%BCn'],
])('mounts at %s', (text, path) => {
  expect(mountPathOf(text)).toBe(path);
});

it.each([
  '',
  'api',
  'api/',
  '//',
  '/api//x',
  '/a b',
  '/a?b',
  '/a#b',
  '/a%20b',
  '/a=b',
  '/a/..',
  '/./a',
  '/\ud800',
])('refuses to mount at %j', (text) => {
  expect(mountPathOf(text)).toBeNull();
});
