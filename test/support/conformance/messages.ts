import { expect } from 'vitest';
import type { Cases } from './target.ts';

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: wire.test\r\nConnection: close\r\n\r\n`;

/** Methods, targets, headers, statuses. */
export const messages: Cases = {
  'answers GET with a length and a date': async (target) => {
    const { status, headers, body } = await target.ask('/');
    expect({ status, body }).toEqual({ status: 200, body: 'hello\n' });
    expect(headers).toMatchObject({ 'content-type': 'text/plain', 'content-length': '6' });
    expect(headers.date).toBeDefined();
  },
  'answers HEAD with the headers of GET and no body': async (target) => {
    const { status, headers, body } = await target.ask('/', { method: 'HEAD' });
    expect({ status, body }).toEqual({ status: 200, body: '' });
    expect(headers['content-type']).toBe('text/plain');
    expect(['6', undefined]).toContain(headers['content-length']);
  },
  'answers HEAD of a stream without waiting for what nobody gets': async (target) => {
    expect(await target.ask('/large', { method: 'HEAD' })).toMatchObject({ status: 200, body: '' });
  },
  'ends an answer in chunks with its trailers, where its client can have them': async (target) => {
    // A fetch handler cannot send trailers.
    if ((await target.ask('/trailers')).status === 404) return;
    const text = await (await target.wire(get('/trailers'))).ended;
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*7\r\nsummed\n\r\n0\r\nX-Sum: 7\r\n\r\n$/);
  },
  'answers a missing path with the application’s own 404': async (target) => {
    expect(await target.ask('/nowhere')).toMatchObject({ status: 404, body: 'not found\n' });
  },
  'sends 204 and 304 without a body or a word about its length': async (target) => {
    const text = await (await target.wire(get('/no-content'))).ended;
    expect(text).toMatch(/^HTTP\/1\.1 204 No Content\r\n/);
    expect(text).not.toMatch(/content-length|transfer-encoding/i);
    expect(text).toMatch(/\r\n\r\n$/);
    const fresh = await (await target.wire(get('/not-modified'))).ended;
    expect(fresh).toMatch(/^HTTP\/1\.1 304 Not Modified\r\n[\s\S]*etag: "v1"\r\n[\s\S]*\r\n\r\n$/i);
    expect(fresh).not.toMatch(/transfer-encoding/i);
  },
  'sends an empty body with the length 0': async (target) => {
    const { status, headers, body } = await target.ask('/empty');
    expect({ status, body, length: headers['content-length'] }).toEqual({
      status: 200,
      body: '',
      length: '0',
    });
  },
  'sends the application’s own status and reason': async (target) => {
    const { status, reason } = await target.askBytes('/reason');
    expect([status, reason]).toEqual([299, 'Fine Thanks']);
  },
  'sends several headers of one name': async (target) => {
    const { headers } = await target.ask('/cookies');
    expect(headers['set-cookie']).toEqual(['a=1; Path=/', 'b=2; HttpOnly']);
    expect(headers.vary).toBe('one, two');
  },
  'sends a header once, whatever the case of its name': async (target) => {
    const { rawHeaders } = await target.askBytes('/about');
    const values = rawHeaders.filter((_, index) => /^x-/i.test(rawHeaders[index - 1] ?? ''));
    expect(values).toEqual(['kept']);
  },
  'passes the path and the query on as they were written': async (target) => {
    const path = '/about?q=a%20b%26c+d&%C3%A9=%2F&empty=&&=;x#';
    const bare = path.slice(0, -1);
    expect((await target.about(bare)).target).toBe(bare);
  },
  'passes a percent-encoded path on as it was written, not decoded twice': async (target) => {
    const { status, body } = await target.ask('/%61bout%2Fcaf%C3%A9%2541');
    expect({ status, body }).toEqual({ status: 404, body: 'not found\n' });
  },
  'passes on headers in any case, joined where there are several': async (target) => {
    const lines = ['HOST: wire.test', 'X-oNe: a', 'x-ONE:   b  ', 'Cookie: c=1', 'cookie: d=2'];
    const head = `GET /about HTTP/1.1\r\n${lines.join('\r\n')}\r\nX-Latin: caf\u00e9\r\n`;
    const text = await (await target.wire(`${head}Connection: close\r\n\r\n`)).ended;
    expect(JSON.parse(text.slice(text.indexOf('\r\n\r\n')))).toMatchObject({
      method: 'GET',
      host: 'wire.test',
      one: 'a, b',
      cookie: 'c=1; d=2',
      latin: 'café',
    });
  },
  'takes a target in absolute form': async (target) => {
    const text = await (await target.wire(get('http://wire.test/cookies?x'))).ended;
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*cookies\n/);
  },
  'passes on a method that is rarely used': async (target) => {
    for (const method of ['PURGE', 'PROPFIND', 'DELETE', 'PATCH'])
      expect((await target.about('/about', { method })).method).toBe(method);
  },
};
