import type { IncomingMessage } from 'node:http';
import { expect, it } from 'vitest';
import { answerAttributes, requestAttributes, routeOf } from '../../../src/spans/describe.ts';

function attributesOf(url: string, host: string, method = 'GET') {
  const request: unknown = {
    ...{ method, url, httpVersion: '2.0', socket: { remoteAddress: '::ffff:10.0.0.9' } },
    ...{ headers: { host }, rawHeaders: ['Host', host, 'User-Agent', 'x'.repeat(300)] },
  };
  return requestAttributes(request as IncomingMessage);
}

it('what is known of a request has the names of the conventions, and no query', () => {
  expect(attributesOf('/a/b?token=1', 'shop.example')).toEqual({
    'http.request.method': 'GET',
    'url.path': '/a/b',
    'url.scheme': 'http',
    'network.protocol.version': '2',
    'client.address': '10.0.0.9',
    'user_agent.original': 'x'.repeat(256),
    'server.address': 'shop.example',
    'server.port': 80,
  });
  expect(attributesOf('http://shop.example/p?q', '[::1]:81', 'BREW')).toMatchObject({
    ...{ 'http.request.method': '_OTHER', 'http.request.method_original': 'BREW' },
    ...{ 'url.path': '/p', 'server.address': 'shop.example', 'server.port': 80 },
  });
  expect(attributesOf('/', '[::1]:81')).toMatchObject({ 'server.address': '::1', 'server.port': 81 });
  expect(attributesOf('/', '')).not.toHaveProperty('server.address');
});

it('an answer that failed, or is not whole, has the type of its error', () => {
  expect(answerAttributes(404, true)).toEqual({ 'http.response.status_code': 404 });
  expect(answerAttributes(503, true)).toEqual({ 'http.response.status_code': 503, 'error.type': '503' });
  expect(answerAttributes(200, false)).toMatchObject({ 'error.type': 'unfinished' });
  expect(answerAttributes(0, false)).toEqual({ 'error.type': 'client_left' });
});

it('the route is what a framework has left on the request', () => {
  expect(routeOf({ route: { path: '/:id' }, baseUrl: '/orders' })).toBe('/orders/:id');
  expect(routeOf({ route: { path: /x/ } })).toBeNull();
  expect(routeOf({})).toBeNull();
});
