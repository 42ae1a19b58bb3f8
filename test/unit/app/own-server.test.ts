import { once } from 'node:events';
import http, { type RequestListener, type Server, type ServerOptions } from 'node:http';
import https from 'node:https';
import net from 'node:net';
import { promisify } from 'node:util';
import fastify from 'fastify';
import { afterAll, describe, expect, it } from 'vitest';
import { detect } from '../../../src/app/detect.ts';
import { get, startEngine } from '../../support/http-engine.ts';
import { turns } from '../../support/wire.ts';

const quiet = { spec: 'web.ts:server', onError: () => {} };

async function serve(server: Server, given: Parameters<typeof startEngine>[0] = {}) {
  return startEngine({ application: await detect(server, quiet), ...given });
}

const answers =
  (text = 'answered'): RequestListener =>
  (_req, res) =>
    void res.end(text);
const made = (options: ServerOptions, listener = answers()) => http.createServer(options, listener);
const head = (path: string, ...headers: readonly string[]) =>
  `${[`GET ${path} HTTP/1.1`, 'Host: test', ...headers].join('\r\n')}\r\n\r\n`;

describe('an exported server keeps its own listeners', () => {
  it("of 'checkContinue', which may refuse a body", async () => {
    const server = made({}).on('checkContinue', (_req, res) => res.writeHead(413).end('too large'));
    const seen: string[] = [];
    const { send } = await serve(server, { observers: [({ url }) => void seen.push(url ?? '')] });
    const wire = await send(
      'POST /upload HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n',
    );
    expect(await wire.until(/too large/)).toMatch(/^HTTP\/1\.1 413 /);
    expect(seen).toEqual(['/upload']);
  });

  it("of 'checkExpectation'", async () => {
    const server = made({}).on('checkExpectation', (req, res) => res.end(`expects ${req.headers.expect}`));
    const { send } = await serve(server);
    expect(await (await send(head('/', 'Expect: tea'))).until(/expects tea/)).toMatch(/^HTTP\/1\.1 200 /);
  });

  it("of 'connect', of which the connection is handed over", async () => {
    const server = made({}).on('connect', (req, socket) => socket.end(`tunnel to ${req.url}\n`));
    const { send } = await serve(server);
    const wire = await send('CONNECT example.com:443 HTTP/1.1\r\nHost: x\r\n\r\n');
    expect(await wire.until(/\n/)).toBe('tunnel to example.com:443\n');
  });

  it("of events that a server of HTTP/2 would have, and that are the program's own here", async () => {
    const heard: unknown[] = [];
    const server = http.createServer((_req, res) => {
      for (const event of ['session', 'stream', 'secureConnection']) server.emit(event);
      res.end('answered');
    });
    for (const event of ['session', 'stream', 'secureConnection']) server.on(event, () => heard.push(event));
    const { send, errors } = await serve(server);
    expect(await (await send(head('/'))).until(/answered/)).toMatch(/^HTTP\/1\.1 200 /);
    expect([heard, errors]).toEqual([['session', 'stream', 'secureConnection'], []]);
  });

  it("of 'upgrade', whose errors are logged", async () => {
    const server = made({}).on('upgrade', () => {
      throw new Error('no upgrade');
    });
    const { send, errors } = await serve(server);
    const wire = await send(head('/', 'Connection: upgrade', 'Upgrade: websocket'));
    await once(wire.socket, 'close');
    expect(errors).toEqual([{ error: new Error('no upgrade'), url: '/' }]);
  });

  it("of 'clientError', and the log has the refusal", async () => {
    const server = made({}).on('clientError', (_error, socket) => socket.end('HTTP/1.1 400 Ours\r\n\r\n'));
    const lines: string[] = [];
    const { send } = await serve(server, { onRefused: (line) => void lines.push(line) });
    expect(await (await send('nonsense\r\n\r\n')).until(/\r\n\r\n/)).toBe('HTTP/1.1 400 Ours\r\n\r\n');
    expect(lines).toEqual([
      expect.stringMatching(
        /^Refused a request of 127\.0\.0\.1 by the application's own clientError listener: /,
      ),
    ]);
  });

  it("of 'connection'", async () => {
    const addresses: (string | undefined)[] = [];
    const server = made({}).on('connection', ({ remoteAddress }) => addresses.push(remoteAddress));
    const { send } = await serve(server);
    await (await send(get())).until(/answered/);
    expect(addresses).toEqual(['127.0.0.1']);
  });

  it("of 'timeout', set by setTimeout()", async () => {
    const server = http.createServer(() => {}).setTimeout(20, (socket) => socket.end('waited\n'));
    const { send } = await serve(server);
    expect(await (await send(get())).until(/\n/)).toBe('waited\n');
  });

  it('that were added after it was exported', async () => {
    const server = made({}, answers('first'));
    const { send } = await serve(server);
    server.removeAllListeners('request').on('request', answers('second'));
    expect(await (await send(get())).until(/second/)).toMatch(/^HTTP\/1\.1 200 /);
  });

  it("of 'listening', once it has an address, and of 'close'", async () => {
    const seen: unknown[] = [];
    const server = made({})
      .on('listening', () => seen.push(server.address()))
      .on('close', () => seen.push('closed'));
    const application = await detect(server, quiet);
    await startEngine({ application });
    expect(seen).toEqual([]);
    application.own?.opened(['http://127.0.0.1:8000']);
    await application.close?.();
    expect(seen).toEqual([{ address: '127.0.0.1', port: 8000, family: 'IPv4' }, 'closed']);
  });
});

describe('an exported server that is served', () => {
  const methods = Object.getOwnPropertyDescriptors(net.Server.prototype);
  afterAll(() => void Object.defineProperties(net.Server.prototype, methods));

  /** One that is served at the URLs; `closed` counts how often its worker would end. */
  async function open(...urls: readonly string[]) {
    const server = made({});
    const application = await detect(server, quiet);
    const engine = await startEngine({ application });
    let closed = 0;
    application.own?.feedBy({ connections: engine.connections, changed: () => {}, closed: () => closed++ });
    application.own?.opened(urls);
    return { ...engine, server, end: () => application.close?.(), closed: () => closed };
  }

  it('looks as if it listened', async () => {
    const { server, send } = await open('unix:/run/a.sock', 'http://127.0.0.1:8000');
    await (await send(get())).until(/answered/);
    expect([server.listening, server.address()]).toEqual([
      true,
      { address: '127.0.0.1', port: 8000, family: 'IPv4' },
    ]);
    expect(await promisify(server.getConnections).call(server)).toBe(1);
  });

  it('has an address of the shape of TCP at a Unix socket, too', async () => {
    const { server } = await open('unix:/run/a.sock');
    expect(server.address()).toEqual({ address: '127.0.0.1', port: 0, family: 'IPv4' });
  });

  it('takes one call of listen(), which is answered', async () => {
    const { server } = await open('http://127.0.0.1:8000');
    await new Promise<void>((told) => void server.listen(3000, told));
    expect(() => server.listen(3000)).toThrow(/more than once without closing/);
  });

  it('closes, also by the method of the prototype, and listens again', async () => {
    const { server, end, closed } = await open('http://127.0.0.1:8000');
    const closes: unknown[] = [];
    server.on('close', () => closes.push('closed'));
    await new Promise((done) => http.Server.prototype.close.call(server, done));
    expect([server.listening, server.address()]).toEqual([false, null]);
    await once(server.listen(3000), 'listening');
    expect(server.listening).toBe(true);
    await promisify(server.close).call(server);
    await expect.poll(closed).toBe(1);
    await end();
    expect(closes).toEqual(['closed', 'closed']);
  });
});

describe('an exported server keeps its own options', () => {
  it('maxHeaderSize', async () => {
    const { send } = await serve(made({ maxHeaderSize: 1024 }), { onRefused: () => {} });
    const wire = await send(head('/', `X-Long: ${'x'.repeat(2000)}`));
    expect(await wire.until(/\r\n\r\n/)).toMatch(/^HTTP\/1\.1 431 /);
  });

  it('requireHostHeader', async () => {
    const { send } = await serve(made({ requireHostHeader: false }));
    expect(await (await send('GET / HTTP/1.1\r\n\r\n')).until(/answered/)).toMatch(/^HTTP\/1\.1 200 /);
  });

  it('joinDuplicateHeaders', async () => {
    const server = made({ joinDuplicateHeaders: true }, (req, res) => void res.end(req.headers.age));
    const { send } = await serve(server);
    await (await send(head('/', 'Age: 1', 'Age: 2'))).until(/1, 2/);
  });

  it('its classes of requests and responses', async () => {
    class Request extends http.IncomingMessage {}
    Reflect.set(Request.prototype, 'ours', 'request');
    class Response<T extends http.IncomingMessage> extends http.ServerResponse<T> {}
    Reflect.set(Response.prototype, 'ours', 'response');
    const server = http.createServer({ IncomingMessage: Request, ServerResponse: Response }, (req, res) => {
      res.end(`${Reflect.get(req, 'ours')} and ${Reflect.get(res, 'ours')}`);
    });
    await (await (await serve(server)).send(get())).until(/request and response/);
  });

  it('maxRequestsPerSocket', async () => {
    const server = made({});
    server.maxRequestsPerSocket = 1;
    const { send } = await serve(server);
    expect(await (await send(get())).until(/answered/)).toMatch(/\r\nConnection: close\r\n/);
  });

  it('headersTimeout', async () => {
    const server = made({ headersTimeout: 30, connectionsCheckingInterval: 10 });
    const { send } = await serve(server, { onRefused: () => {} });
    expect(await (await send('GET / HTTP/1.1\r\n')).until(/\r\n\r\n/)).toMatch(/^HTTP\/1\.1 408 /);
  });

  it('its limits where they are not those that Node, or the framework, sets', async () => {
    const kept = made({ keepAliveTimeout: 1234, requestTimeout: 60_000 });
    await serve(kept, { keepAliveMs: 2000 });
    expect([kept.keepAliveTimeout, kept.requestTimeout]).toEqual([1234, 60_000]);
    const plain = made({});
    await serve(plain, { keepAliveMs: 2000, requestMs: 400_000 });
    expect([plain.keepAliveTimeout, plain.requestTimeout]).toEqual([2000, 400_000]);
  });

  it.each([
    [{}, [2000, 300_000]],
    [{ keepAliveTimeout: 10_000, requestTimeout: 20_000 }, [10_000, 20_000]],
  ])('of Fastify those that its options name: %o', async (options, limits) => {
    const application = await detect(fastify(options), quiet);
    await startEngine({ application, keepAliveMs: 2000 });
    const { server } = application.own ?? {};
    expect([server?.keepAliveTimeout, server?.requestTimeout]).toEqual(limits);
  });

  it('of its connections', async () => {
    const server = http.createServer({ highWaterMark: 1024 });
    Object.assign(server, { allowHalfOpen: false, pauseOnConnect: true });
    const { own } = await detect(server.on('request', answers()), quiet);
    expect(own?.socketOptions).toEqual({ highWaterMark: 1024, allowHalfOpen: false, pauseOnConnect: true });
    const { own: plain } = await detect(made({}), quiet);
    expect(plain?.socketOptions).toMatchObject({ allowHalfOpen: true, pauseOnConnect: false });
    const { own: secure } = await detect(https.createServer(answers()), quiet);
    expect(secure?.socketOptions).toMatchObject({ allowHalfOpen: false });
  });

  it('maxConnections as it is at each moment, with its event drop', async () => {
    const server = made({});
    const dropped: unknown[] = [];
    server.on('drop', (ends) => void dropped.push(ends));
    const { send } = await serve(server);
    server.maxConnections = 1;
    const first = await send(get());
    await first.until(/answered/);
    const second = await send(get());
    expect(await second.ended).toBe('');
    expect(dropped).toEqual([
      expect.objectContaining({
        localAddress: '127.0.0.1',
        remoteAddress: '127.0.0.1',
        remoteFamily: 'IPv4',
      }),
    ]);
    server.maxConnections = 2;
    expect(await (await send(get())).until(/answered/)).toMatch(/^HTTP/);
  });

  it('blockList', async () => {
    const server = made({});
    const blockList = new net.BlockList();
    Object.assign(server, { blockList });
    const { send } = await serve(server);
    await (await send(get())).until(/answered/);
    blockList.addAddress('127.0.0.1');
    expect(await (await send(get())).ended).toBe('');
  });

  it('pauseOnConnect, until its program lets it read', async () => {
    const server = made({});
    Object.assign(server, { pauseOnConnect: true });
    const sockets: net.Socket[] = [];
    server.on('connection', (socket) => void sockets.push(socket));
    const { send } = await serve(server);
    const wire = await send(get());
    await expect.poll(() => sockets.length).toBe(1);
    await turns(20);
    expect([sockets[0]?.bytesRead, Reflect.get(sockets[0] ?? {}, 'server') === server]).toEqual([0, true]);
    sockets[0]?.resume();
    await wire.until(/answered/);
  });
});

describe('what the service does holds for an exported server', () => {
  it('a handler that fails is answered with 500, and its error is logged', async () => {
    for (const fails of [() => Promise.reject(new Error('on purpose')), () => expect.fail('on purpose')]) {
      const { send, errors } = await serve(made({}, fails));
      await (await send(get())).until(/500 Internal Server Error/);
      expect(String(errors[0]?.error)).toContain('on purpose');
    }
  });

  it('a listener that is prepended runs in the turn of its request, as all others', async () => {
    const server = made({}, () => {});
    const seen: unknown[] = [];
    const { send } = await serve(server, { observers: [({ url }) => void seen.push(url)] });
    server.prependListener('request', (req, res) => {
      seen.push(`prepended ${req.url}`);
      setImmediate(() => res.end('refused'));
    });
    const wire = await send(`${get('/first')}${get('/second')}`);
    await wire.until(/refused[\s\S]*refused/);
    expect(seen).toEqual(['/first', 'prepended /first', '/second', 'prepended /second']);
  });

  it('its connections and requests are counted', async () => {
    const server = http.createServer(() => {});
    const { send, connections } = await serve(server);
    const arrived = once(server, 'connection');
    await send(get());
    await arrived;
    await expect.poll(() => connections.inFlight).toBe(1);
    connections.closeAfterAnswer();
    expect(connections.requests()[0]?.response.getHeader('connection')).toBe('close');
  });

  it("tracing that replaces the emit of http.Server's prototype sees its requests", async () => {
    const { emit } = http.Server.prototype;
    const seen: unknown[] = [];
    http.Server.prototype.emit = function (this: Server, ...args: Parameters<Server['emit']>) {
      if (args[0] === 'request') seen.push(args[1].url);
      return Reflect.apply(emit, this, args);
    } as typeof emit;
    try {
      await (await (await serve(made({}))).send(get('/traced'))).until(/answered/);
    } finally {
      http.Server.prototype.emit = emit;
    }
    expect(seen).toEqual(['/traced']);
  });
});

describe('what is without effect is named', () => {
  const server = made({
    maxHeaderSize: 1024,
    keepAliveTimeout: 1,
    ServerResponse: class<T extends http.IncomingMessage> extends http.ServerResponse<T> {},
  });
  server.on('checkContinue', () => {}).on('listening', () => {});

  it('in class thread', async () => {
    const { own } = await detect(server, quiet);
    expect(own?.withoutEffect('thread')).toEqual([
      'maxHeaderSize',
      'keepAliveTimeout',
      'ServerResponse',
      "its listener of 'checkContinue'",
      "its listener of 'listening'",
    ]);
  });

  it('in class sync', async () => {
    const { own } = await detect(server, quiet);
    expect(own?.withoutEffect('sync')).toEqual(['keepAliveTimeout']);
    expect((await detect(made({}), quiet)).own?.withoutEffect('thread')).toEqual([]);
  });
});
