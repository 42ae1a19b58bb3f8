import { describe, expect, it } from 'vitest';
import { frameOf, parserPlaceOf } from '../../../src/support/stack-frames.ts';

describe('a frame of a stack', () => {
  it.each([
    ['    at file:///srv/app.mjs:3:5', '/srv/app.mjs'],
    ['    at async file:///srv/app.mjs:3:5', '/srv/app.mjs'],
    ['    at Object.<anonymous> (/srv/app.cjs:3:5)', '/srv/app.cjs'],
    ['    at new Shop [as make] (/srv/app.cjs:3:5)', '/srv/app.cjs'],
    ['    at async load (file:///srv/app.mjs?g=2:3:5)', '/srv/app.mjs'],
    ['    at f (file:///srv/my%20shop%20(new)/a%3Fb%23c.mjs:3:5)', '/srv/my shop (new)/a?b#c.mjs'],
    ['    at f (/srv/my shop (new)/a?b#c.cjs:3:5)', '/srv/my shop (new)/a?b#c.cjs'],
    ['    at /srv/my shop (new)/a:1/b.cjs:3:5', '/srv/my shop (new)/a:1/b.cjs'],
  ])('%s', (line, file) => {
    expect(frameOf(line)).toEqual({ file, line: 3, column: 5 });
  });

  it.each([
    '    at node:internal/modules/run_main:1:2',
    '    at process.processTicksAndRejections (node:internal/process/task_queues:103:5)',
    '    at <anonymous>',
    '    at file:///%zz/a.mjs:1:2',
    'Error: at /srv/app.mjs:1:2',
  ])('is none where no file is named: %s', (line) => {
    expect(frameOf(line)).toBeNull();
  });
});

it.each([
  ['file:///srv/my%20shop/a%23b.mjs:7', '/srv/my shop/a#b.mjs'],
  ['/srv/my shop/a#b.cjs:7', '/srv/my shop/a#b.cjs'],
])('the place of the parser is read: %s', (head, file) => {
  expect(parserPlaceOf(head)).toEqual({ file, line: 7 });
});
