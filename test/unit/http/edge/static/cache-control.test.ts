import { expect, it } from 'vitest';
import { cacheControlOf, hasFingerprint } from '../../../../../src/http/edge/static/cache-control.ts';

it.each([
  'app.3f9a8c2b.js',
  'app-3f9a8c2b41d0.css',
  'app.3f9a8c2b.chunk.js',
  'app.3f9a8c2b.js.map',
  'index-BzL3kX9q.js',
  'index-DkLpQwEr.css',
  'logo.a1b2c3d4.svg',
  'main-5ZJQXK4A.js',
  '_app-0f3c9d2e7b1a4f68.js',
])('takes %s for a name with a fingerprint', (name) => {
  expect(hasFingerprint(name)).toBe(true);
  expect(cacheControlOf(name, 60)).toBe('public, max-age=31536000, immutable');
});

it.each([
  'index.html',
  'jquery-3.7.1.min.js',
  'bootstrap-validator.js',
  'my-component.js',
  'report-20261201.pdf',
  'report.12345678.js',
  'IMG-DSC02345.jpg',
  'the-API-2024.pdf',
  'my-MyWidget.js',
  'README-JavaScript.html',
  '3f9a8c2b.js',
  'a.facade.js',
  'font-deadbeef.woff2',
  'app-3f9a8c2b',
])('takes %s for one without', (name) => {
  expect(hasFingerprint(name)).toBe(false);
  expect(cacheControlOf(name, 60)).toBe('public, max-age=60');
});
