import { describe, expect, test } from 'vitest';
import { aboutError } from '../../../src/log/about-error.ts';

const thrown = (stack: string) => Object.assign(new Error('x'), { stack });

describe('the place of an error', () => {
  test('is its first frame outside node_modules', () => {
    const stack = 'Error: x\n    at f (/srv/node_modules/a/b.js:1:2)\n    at g (file:///srv/app.js:3:4)';
    expect(aboutError(thrown(stack))).toEqual({ place: { file: '/srv/app.js', line: 3, column: 4 } });
  });

  test('is where the parser gave up', () => {
    const stack = '/srv/app.js:7\nlet let\n    ^^^\n\nSyntaxError: x\n    at wrapSafe (node:internal:1:2)';
    expect(aboutError(thrown(stack))).toEqual({ place: { file: '/srv/app.js', line: 7, column: null } });
  });

  test('is left out where it is not known, whatever was thrown', () => {
    const hostile = new Proxy(new Error('x'), {
      get: () => {
        throw new Error('no');
      },
    });
    for (const one of ['text', null, thrown('Error: x\n    at node:net:1:2'), hostile])
      expect(aboutError(one)).toEqual({});
  });
});
