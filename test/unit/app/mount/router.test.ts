import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { enter, Router } from '../../../../src/app/mount/router.ts';

const routeAt = (path: string) => ({ path, name: path, application: { what: path, handler: () => {} } });
const routerOf = (paths: readonly string[], rootPath = '') => new Router(paths.map(routeAt), rootPath);

/** What the application under the path sees of the target, and which that is. */
function seen(router: Router, url: string) {
  const found = router.find(url);
  if (found === null) return null;
  const request = { url } as IncomingMessage;
  enter(request, found);
  return [found.route.path, request];
}

describe('Router', () => {
  const router = routerOf(['', '/api', '/api/v2']);

  it.each([
    ['/api', '/api', { url: '/', baseUrl: '/api' }],
    ['/api/', '/api', { url: '/', baseUrl: '/api' }],
    ['/api?q=1', '/api', { url: '/?q=1', baseUrl: '/api' }],
    ['/api/users?q=/api', '/api', { url: '/users?q=/api', baseUrl: '/api' }],
    ['/api/v2/users', '/api/v2', { url: '/users', baseUrl: '/api/v2' }],
    ['/api/v22', '/api', { url: '/v22', baseUrl: '/api' }],
    ['/api/a%2Fb//c', '/api', { url: '/a%2Fb//c', baseUrl: '/api' }],
    ['http://host:80/api/x?y', '/api', { url: 'http://host:80/x?y', baseUrl: '/api' }],
    ['http://host/api', '/api', { url: 'http://host/', baseUrl: '/api' }],
  ])('shortens %s for %s', (url, path, expected) => {
    expect(seen(router, url)).toEqual([path, { ...expected, originalUrl: url }]);
  });

  it.each(['/', '/apis', '/Api', '/%61pi', '/api%2Fx', '//api', '*', 'http://host', '/x/api'])(
    'gives %s as it is to the application at /',
    (url) => {
      expect(seen(router, url)).toEqual(['', { url }]);
    },
  );

  it.each(['/', '/apis', '*', 'http://host?/api'])('finds nothing for %s where nothing is at /', (url) => {
    expect(seen(routerOf(['/api']), url)).toBeNull();
  });

  it('takes the root path from the target where a proxy has left it there', () => {
    const mounted = routerOf(['', '/api'], '/shop');
    expect(seen(mounted, '/shop/api/x')).toEqual([
      '/api',
      { url: '/x', baseUrl: '/shop/api', originalUrl: '/shop/api/x' },
    ]);
    expect(seen(mounted, '/api/x')).toEqual(['/api', { url: '/x', baseUrl: '/api', originalUrl: '/api/x' }]);
    expect(seen(mounted, '/shop/x')).toEqual(['', { url: '/shop/x' }]);
  });

  it('remembers the target as it was sent where one mount is within another', () => {
    const request = { url: '/a/b/c', originalUrl: '/a/b/c', baseUrl: '/a' } as unknown as IncomingMessage;
    request.url = '/b/c';
    const found = routerOf(['/b']).find('/b/c');
    if (found) enter(request, found);
    expect(request).toEqual({ url: '/c', baseUrl: '/a/b', originalUrl: '/a/b/c' });
  });
});
