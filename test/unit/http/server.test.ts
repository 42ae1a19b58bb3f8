import { describe, expect, it } from 'vitest';
import { get, startEngine } from '../../support/http-engine.ts';

const broken = new Error('the application is broken');

describe('an application that fails', () => {
  it.each([
    [
      'throws',
      () => {
        throw broken;
      },
    ],
    ['rejects', () => Promise.reject(broken)],
    [
      'rejects later',
      async () => {
        await null;
        throw broken;
      },
    ],
  ])('and %s is answered for with 500, and reported with its request', async (_how, handler) => {
    const engine = await startEngine({ handler });
    const wire = await engine.send(get('/a?b'));
    expect(await wire.until(/Internal Server Error\n/)).toMatch(/^HTTP\/1\.1 500 /);
    expect(engine.errors).toEqual([{ error: broken, url: '/a?b' }]);
  });

  it('may throw what is no error', async () => {
    const engine = await startEngine({ handler: () => Promise.reject(undefined) });
    await (await engine.send(get())).until(/^HTTP\/1\.1 500 /);
    expect(engine.errors).toEqual([{ error: undefined, url: '/' }]);
  });

  it('does not take its connection with it', async () => {
    const engine = await startEngine({
      handler: (request, response) => {
        if (request.url === '/bad') throw broken;
        response.end('fine');
      },
    });
    const wire = await engine.send(get('/bad'));
    await wire.until(/Error\n/);
    wire.write(get('/good'));
    await wire.until(/fine/);
  });

  it('leaves none of its headers on the answer', async () => {
    const engine = await startEngine({
      handler: (_request, response) => {
        response.statusCode = 201;
        response.setHeader('Content-Length', '9999');
        response.setHeader('Content-Encoding', 'gzip');
        response.setHeader('Set-Cookie', 'secret=1');
        throw broken;
      },
    });
    const text = await (await engine.send(get())).until(/Error\n/);
    expect(text).not.toMatch(/9999|gzip|secret/);
    expect(text).toMatch(/^HTTP\/1\.1 500 Internal Server Error\r\n/);
  });

  it.each([
    [
      'throws',
      () => {
        throw broken;
      },
    ],
    ['rejects', () => Promise.reject(broken)],
  ])('and %s after its headers were sent has its connection cut', async (_how, fail) => {
    const engine = await startEngine({
      handler: (_request, response) => {
        response.writeHead(200, { 'Content-Length': '100' });
        response.write('half');
        return fail();
      },
    });
    const text = await (await engine.send(get())).ended;
    expect(text).not.toContain('500');
    expect(engine.errors).toHaveLength(1);
  });

  it('after it has answered in full does not spoil the answer', async () => {
    const engine = await startEngine({
      handler: (_request, response) => {
        response.end('whole');
        throw broken;
      },
    });
    expect(await (await engine.send(get())).until(/whole/)).toMatch(/^HTTP\/1\.1 200 /);
    expect(engine.errors).toHaveLength(1);
  });
});

describe('keepAliveMs', () => {
  it('of 0 closes each connection after its answer and says so', async () => {
    const engine = await startEngine({ keepAliveMs: 0, handler: (_request, response) => response.end('x') });
    expect(await (await engine.send(get())).ended).toMatch(/\r\nConnection: close\r\n/i);
  });

  it('of 0 runs one request of those that were pipelined, whatever the application says of the connection', async () => {
    const urls: unknown[] = [];
    const engine = await startEngine({
      keepAliveMs: 0,
      handler: (request, response) => {
        urls.push(request.url);
        response.writeHead(200, { Connection: 'keep-alive' }).end('x');
      },
    });
    const text = await (await engine.send(get('/first') + get('/second'))).ended;
    expect(text.match(/HTTP\/1\.1 200/g)).toHaveLength(1);
    expect(urls).toEqual(['/first']);
  });

  it('above 0 keeps it, and tells the client for how long', async () => {
    const engine = await startEngine({
      keepAliveMs: 7000,
      handler: (_request, response) => response.end('x'),
    });
    const wire = await engine.send(get());
    expect(await wire.until(/\r\n\r\n.*x/s)).toMatch(/\r\nKeep-Alive: timeout=7\r\n/i);
    wire.write(get());
    await wire.until(/x.*HTTP.*x/s);
  });
});

describe('observers', () => {
  it('see each request before the application, in their order', async () => {
    const seen: string[] = [];
    const engine = await startEngine({
      observers: ['a', 'b', 'c'].map((name) => (request) => void seen.push(`${name} ${request.url}`)),
      handler: (_request, response) => {
        seen.push('application');
        response.end('x');
      },
    });
    await (await engine.send(get('/p'))).until(/x$/);
    expect(seen).toEqual(['a /p', 'b /p', 'c /p', 'application']);
  });
});

describe('an upgrade', () => {
  const ask = 'GET /ws HTTP/1.1\r\nHost: test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';

  it('is handed to the application', async () => {
    const engine = await startEngine({
      upgrade: (_request, socket) => void socket.end('HTTP/1.1 101 Switching Protocols\r\n\r\nraw'),
    });
    await (await engine.send(ask)).until(/101.*raw/s);
  });

  it('that throws costs its connection alone', async () => {
    const engine = await startEngine({
      handler: (_request, response) => response.end('fine'),
      upgrade: () => {
        throw broken;
      },
    });
    expect(await (await engine.send(ask)).ended).toBe('');
    expect(engine.errors).toEqual([{ error: broken, url: '/ws' }]);
    await (await engine.send(get())).until(/fine/);
  });

  it('is an ordinary request to an application that knows of none', async () => {
    const engine = await startEngine({ handler: (_request, response) => response.end('plain') });
    await (await engine.send(ask)).until(/plain/);
  });
});
