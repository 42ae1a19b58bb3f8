import { describe, expect, it } from 'vitest';
import { mount } from '../../../../src/app/mount/mount.ts';
import { mountsOf } from '../../../../src/app/mounted-apps.ts';

const app = () => new Response('hello');

describe('mount()', () => {
  it('puts applications together that mountsOf() finds again', () => {
    expect(mountsOf(mount({ '/api/': app, '/': app }))).toEqual(
      new Map([
        ['/api', app],
        ['', app],
      ]),
    );
    expect(mountsOf({})).toBeNull();
  });

  it.each([
    [{ api: app }, 'mount(): expected a path such as /api, without ? # % = and empty parts, got "api"'],
    [{ '/api': app, '/api/': app }, 'mount(): /api/ is there twice; remove one of the two'],
    [{}, "mount() was given no application; write mount({ '/api': api, '/': site })"],
    [[app], "mount() takes an object of paths and applications, such as { '/api': api }, not an array of 1"],
  ])('says what is wrong with %j', (applications, message) => {
    expect(() => mount(applications as unknown as Record<string, object>)).toThrow(new TypeError(message));
  });
});
