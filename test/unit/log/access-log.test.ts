import { once } from 'node:events';
import { type IncomingMessage, ServerResponse } from 'node:http';
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import express from 'express';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createAccessLog } from '../../../src/log/access-log.ts';
import { type Application, flushed, lineFor, serve } from './logged-service.ts';
import { temporaryDirectory } from './temporary.ts';

// Each log listens for the exit of the process, and these tests open many in one.
process.setMaxListeners(0);

describe('a line', () => {
  it('is written for each request, with what the client sent', async () => {
    const format = '%(h)s "%(r)s" %(s)s %(b)s "%(f)s" "%(a)s"';
    const headers = { 'User-Agent': 'test/1', Referer: 'http://x/"' };
    const line = await lineFor(format, (_req, res) => res.end('hello'), { path: '/a?b', headers });
    expect(line).toBe('127.0.0.1 "GET /a?b HTTP/1.1" 200 5 "http://x/\\"" "test/1"');
  });

  it('has the status that was sent', async () => {
    expect(await lineFor('%(s)s', (_req, res) => res.writeHead(418).end())).toBe('418');
  });

  it('has the headers of the answer, however they were given', async () => {
    const line = await lineFor('%({x-a}o)s %({x-b}o)s %({x-tsunicorn}o)s', (_req, res) =>
      res.writeHead(200, { 'X-A': 'one', 'X-B': 'two' }).end(),
    );
    expect(line).toBe('one two -');
  });

  it('has the path as it came, whatever a router makes of it', async () => {
    const app = express().use(
      '/mounted',
      express.Router().get('/x', (req, res) => void res.send(req.url)),
    );
    expect(await lineFor('%(U)s %(b)s', app, { path: '/mounted/x' })).toBe('/mounted/x 2');
  });

  it('is written with 499 where the client left before an answer began', async () => {
    const service = await serve('%(m)s %(s)s %(B)s %(h)s', () => client.destroy());
    const client = connect(service.port, '127.0.0.1');
    client.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n');
    expect(await service.lines(1)).toEqual(['POST 499 0 127.0.0.1']);
  });

  it('is written where the client left during the answer', async () => {
    const service = await serve('%(s)s %(B)s', (_req, res) => res.write('begun'));
    const client = connect(service.port, '127.0.0.1');
    client.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await once(client, 'data');
    client.destroy();
    expect(await service.lines(1)).toEqual(['200 5']);
  });

  it('is lost alone where the application left what cannot be read', async () => {
    const service = await serve('%({x}i)s', (req, res) => {
      if (req.url === '/broken') Object.assign(req.headers, { x: Object.create(null) });
      res.end();
    });
    await service.send({ path: '/broken' });
    await service.send();
    expect(await service.lines(1)).toEqual(['-']);
  });
});

describe('the bytes of a body', () => {
  it.each<[string, number, Application]>([
    ['a string', 5, (_req, res) => res.end('hello')],
    ['characters of several bytes', 7, (_req, res) => res.end('größe')],
    ['another encoding', 5, (_req, res) => res.end('größe', 'latin1')],
    ['base64', 3, (_req, res) => res.end('YWJj', 'base64')],
    ['a buffer', 4, (_req, res) => res.end(Buffer.alloc(4))],
    ['a typed array', 3, (_req, res) => res.end(new Uint8Array(3))],
    ['a callback alone', 0, (_req, res) => res.end(() => {})],
    ['a chunk and a callback', 2, (_req, res) => res.end('ab', () => {})],
    [
      'several writes',
      6,
      (_req, res) => {
        res.write('ab', () => {});
        res.write(Buffer.from('cd'));
        res.end('ef');
      },
    ],
    [
      'a stream',
      100_000,
      (_req, res) => Readable.from([Buffer.alloc(60_000), Buffer.alloc(40_000)]).pipe(res),
    ],
    ['a status without a body', 0, (_req, res) => res.writeHead(204).end('ignored')],
    ['another such status', 0, (_req, res) => res.writeHead(304).end('ignored')],
  ])('are counted for %s', async (_what, bytes, application) => {
    expect(await lineFor('%(B)s', application)).toBe(`${bytes}`);
  });

  it('are none for HEAD', async () => {
    expect(await lineFor('%(b)s', (_req, res) => res.end('ignored'), { method: 'HEAD' })).toBe('-');
  });

  it('are those that leave a middleware which wraps write and end', async () => {
    const line = await lineFor('%(B)s', (_req, res) => {
      const { write, end } = res;
      res.write = ((chunk: string) => write.call(res, chunk.repeat(2), 'utf8')) as typeof res.write;
      res.end = ((chunk: string) => {
        res.write(chunk);
        return end.call(res, '!', 'utf8');
      }) as typeof res.end;
      res.write('ab');
      res.end('c');
    });
    expect(line).toBe('7');
  });

  it('are counted after the prototype of the response was exchanged', async () => {
    const line = await lineFor('%(B)s', (_req, res) => {
      Object.setPrototypeOf(res, Object.create(ServerResponse.prototype));
      res.write('ab');
      res.end('c');
    });
    expect(line).toBe('3');
  });

  it('are counted once in HTTP/2, where end passes its chunk to write', async () => {
    const file = join(temporaryDirectory(), 'access.log');
    const log = createAccessLog({ format: '%(r)s %(s)s %(B)s', file });
    const server = createHttp2Server((req, res) => {
      // The compatibility classes stand in for those of HTTP/1.
      log.observe(req as unknown as IncomingMessage, res as unknown as ServerResponse);
      res.write('and ');
      res.end('once');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const client = connectHttp2(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    onTestFinished(() => {
      client.destroy();
      server.close();
    });
    expect(await text(client.request({ ':path': '/two' }))).toBe('and once');
    await expect.poll(() => flushed(log, file)).toEqual(['GET /two HTTP/2.0 200 8']);
  });

  it('cost nothing where the format does not show them', async () => {
    let own = true;
    await lineFor('%(s)s', (_req, res) => {
      own = Object.hasOwn(res, 'write') || Object.hasOwn(res, 'end');
      res.end();
    });
    expect(own).toBe(false);
  });
});
