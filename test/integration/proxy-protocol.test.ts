import tls from 'node:tls';
import { describe, expect, it } from 'vitest';
import { certify } from '../support/certificates.ts';
import { askHttp2, connectHttp2 } from '../support/http2-client.ts';
import { sharedDirectory, shareServers } from '../support/shared.ts';
import { root } from '../support/tsunicorn.ts';
import { type Wire, wireTo } from '../support/wire.ts';

const directory = sharedDirectory({
  'app.mjs': `import { wsgi } from '${root}dist/src/index.js';
    export default wsgi((environ, startResponse) => {
      startResponse('200 OK', []);
      const { REMOTE_ADDR, REMOTE_PORT, PATH_INFO } = environ;
      return [JSON.stringify([REMOTE_ADDR, REMOTE_PORT, environ['wsgi.url_scheme'], PATH_INFO])];
    });`,
  'node.mjs': `export default (req, res) => res.end(req.socket.remoteAddress);`,
  'program.mjs': `import https from 'node:https';
    import { certificate as cert, key } from '${root}test/fixtures/shapes/certificate.mjs';
    https.createServer({ key, cert }, (req, res) => res.end('secret')).listen(3000);`,
});
const MOUNTS = ['--mount', '/=app.mjs', '--mount', '/node=node.mjs'];
const AUTO = ['--proxy-protocol', 'auto', '--forwarded-allow-ips', '127.0.0.1,10.0.0.0/8'];
const { cert, key } = certify(directory, 'one.test');
const ENDS_TLS = ['--certfile', cert, '--keyfile', key, '--http-protocols', 'h2,http/1.1'];
const services = [
  ['async', [...MOUNTS, ...AUTO]],
  ['sync', [...MOUNTS, ...AUTO, '-k', 'sync']],
  ['thread', [...MOUNTS, ...AUTO, '-k', 'thread', '--threads', '1']],
  ['v1', [...MOUNTS, '--proxy-protocol', 'v1', '--header-timeout', '1']],
  ['slow', [...MOUNTS, '--proxy-protocol', 'v1', '--header-timeout', '1', '-k', 'sync']],
  ['others', [...MOUNTS, '--proxy-protocol', 'v2', '--proxy-allow-from', '10.0.0.0/8']],
  ['tls', ['program.mjs', '--proxy-protocol', 'v2']],
  ['tls async', [...MOUNTS, ...AUTO, ...ENDS_TLS]],
  ['tls sync', [...MOUNTS, ...AUTO, ...ENDS_TLS, '-k', 'sync']],
  ['tls thread', [...MOUNTS, ...AUTO, ...ENDS_TLS, '-k', 'thread', '--threads', '1']],
  ['mixed', [...MOUNTS, ...ENDS_TLS, '--proxy-protocol', 'v1', '-b', '127.0.0.1:0', '-b', 'tls:127.0.0.1:0']],
] as const;
const servers = shareServers(
  services.map(([, args]) => [...args, '--access-logfile', '-', '--access-logformat', '%(h)s %(r)s %(s)s']),
  { cwd: directory },
);

function server(name: string) {
  return servers[services.findIndex(([one]) => one === name)]?.() as ReturnType<(typeof servers)[number]>;
}

const connect = (name: string) => wireTo(Number(new URL(server(name).at).port));
const ADA = 'PROXY TCP4 192.0.2.1 10.0.0.1 4711 80\r\n';
const V2 = '\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x01\x0a\0\0\x01\x12\x67\0\x50';
const get = (path: string, ...headers: readonly string[]) =>
  ['GET ', path, ' HTTP/1.1\r\nHost: a\r\n', ...headers.map((line) => `${line}\r\n`), '\r\n'].join('');
const CLOSE = 'Connection: close';

/** What the application saw of who sent the request. */
async function seen(wire: Wire): Promise<readonly string[]> {
  const text = await wire.ended;
  expect(text).toMatch(/^HTTP\/1\.1 200 /);
  return JSON.parse(/\[.*\]/.exec(text)?.[0] ?? text);
}

describe.each(['async', 'sync', 'thread'])('in class %s', (name) => {
  it.each([
    ['v1', ADA, ['192.0.2.1', '4711', 'http', '/v1']],
    ['v2', V2, ['192.0.2.1', '4711', 'http', '/v2']],
    ['v1 of IPv6', 'PROXY TCP6 2001:db8::7 ::1 5 80\r\n', ['2001:db8::7', '5', 'http', '/v1 of IPv6']],
  ])('a header of %s says whose the requests of its connection are', async (what, header, expected) => {
    const wire = await connect(name);
    wire.socket.write(Buffer.from(header + get(`/${encodeURIComponent(what)}`, CLOSE), 'latin1'));
    expect(await seen(wire)).toEqual(expected);
    const line = `${expected[0]} GET /${encodeURIComponent(what)} HTTP/1.1 200`;
    await server(name).waitFor(() => server(name).stdout.includes(line), 'its line');
  });

  it('a header may come byte by byte', async () => {
    const wire = await connect(name);
    wire.socket.setNoDelay(true);
    for (const byte of Buffer.from(V2 + get('/', CLOSE), 'latin1')) {
      wire.socket.write(Buffer.of(byte));
      await new Promise((turn) => setImmediate(turn));
    }
    expect(await seen(wire)).toEqual(['192.0.2.1', '4711', 'http', '/']);
  });

  it('the socket keeps the peer, and a connection without a header is its own', async () => {
    for (const header of [ADA, '']) {
      const wire = await connect(name);
      wire.write(header + get('/node', CLOSE));
      expect(await wire.ended).toMatch(/127\.0\.0\.1/);
    }
  });

  it.each([
    // Its proxy is believed, and is the client itself.
    ['LOCAL', '\r\n\r\n\0\r\nQUIT\n\x20\0\0\0', '192.0.2.9'],
    // Whoever is behind it might say anything.
    ['UNKNOWN', 'PROXY UNKNOWN\r\n', '127.0.0.1'],
    ['a client', ADA, '192.0.2.1'],
    ['a trusted proxy', 'PROXY TCP4 10.0.0.7 10.0.0.1 4711 80\r\n', '192.0.2.9'],
  ])(
    'behind the header of %s X-Forwarded-For is believed by whom it names',
    async (_what, header, client) => {
      const wire = await connect(name);
      wire.write(header + get('/', 'X-Forwarded-For: 192.0.2.9', CLOSE));
      expect((await seen(wire))[0]).toBe(client);
    },
  );

  it.each([
    'PROXY TCP4 192.0.2.300 10.0.0.1 1 2\r\n',
    `PROXY ${'x'.repeat(200)}`,
    '\r\n\r\n\0\r\nQUIT\n\x21\x11\xff\xff',
  ])('a bad header is answered with 400, and nothing behind it runs: %j', async (header) => {
    const wire = await connect(name);
    wire.socket.write(Buffer.from(header + get('/never'), 'latin1'));
    expect(await wire.ended).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n[\s\S]*\r\n\r\n$/);
    expect(server(name).stdout).not.toContain('/never');
  });
});

it.each(['async', 'thread'])(
  'in class %s a header counts for all requests of its connection, and comes once',
  async (name) => {
    const wire = await connect(name);
    wire.write(ADA + get('/1'));
    await wire.until(/"\/1"\]/);
    wire.write(get('/2'));
    await wire.until(/"192\.0\.2\.1","4711","http","\/2"\]/);
    wire.write(ADA + get('/3'));
    expect(await wire.ended).toMatch(/HTTP\/1\.1 400 Bad Request\r\n[\s\S]*\r\n\r\n$/);
  },
);

describe('where a version is expected', () => {
  it('nothing else is taken', async () => {
    for (const begin of ['', V2, '\x16\x03\x01']) {
      const wire = await connect('v1');
      wire.socket.write(Buffer.from(begin + get('/', CLOSE), 'latin1'));
      expect(await wire.ended).toMatch(/^HTTP\/1\.1 400 /);
    }
    await server('v1').waitForLog(
      /Refused a connection of 127\.0\.0\.1 with 400 Bad Request: .*--proxy-protocol/,
    );
  });

  it('a header that takes too long is answered with 408, and a silent connection just ends', async () => {
    const [slow, silent] = [await connect('v1'), await connect('v1')];
    slow.write('PROXY TC');
    expect(await slow.ended).toMatch(/^HTTP\/1\.1 408 /);
    expect(await silent.ended).toBe('');
  });

  it('a header whose beginning was read with its connection has the same time limit', async () => {
    const wire = await connect('slow');
    wire.write('PROXY TC');
    expect(await wire.ended).toMatch(/^HTTP\/1\.1 408 /);
  });

  it('a client that leaves within its header leaves nothing behind', async () => {
    const wire = await connect('v1');
    wire.socket.end('PROXY TC');
    expect(await wire.ended).toBe('');
    const next = await connect('v1');
    next.write(ADA + get('/next', CLOSE));
    expect((await seen(next))[0]).toBe('192.0.2.1');
  });
});

it('others than --proxy-allow-from are served without a header, and theirs is no HTTP', async () => {
  const plain = await connect('others');
  plain.write(get('/', CLOSE));
  expect((await seen(plain))[0]).toBe('127.0.0.1');
  const forged = await connect('others');
  forged.socket.write(Buffer.from(V2 + get('/never'), 'latin1'));
  expect(await forged.ended).toMatch(/^HTTP\/1\.1 400 /);
});

it('stands before TLS', async () => {
  const wire = await connect('tls');
  wire.socket.write(Buffer.from(V2, 'latin1'));
  // Its certificate is its own.
  const secure = tls.connect({ socket: wire.socket, rejectUnauthorized: false });
  secure.write(get('/tls', CLOSE));
  let text = '';
  for await (const part of secure) text += part;
  expect(text).toMatch(/secret/);
  await server('tls').waitFor(
    () => server('tls').stdout.includes('192.0.2.1 GET /tls HTTP/1.1 200'),
    'its line',
  );
});

describe.each(['tls async', 'tls sync', 'tls thread'])('before the TLS of class %s', (name) => {
  it.each([
    ['v1', ADA],
    ['v2', V2],
  ])('a header of %s names the client to HTTP/1 and to HTTP/2', async (version, header) => {
    const begun = async () => {
      const { socket } = await connect(name);
      socket.write(Buffer.from(header, 'latin1'));
      return socket;
    };
    const path = `/${version}`;
    const secure = tls.connect({ socket: await begun(), rejectUnauthorized: false });
    secure.write(get(`${path}/1`, CLOSE));
    let text = '';
    for await (const part of secure) text += part;
    expect(text).toMatch(new RegExp(`\\["192\\.0\\.2\\.1","4711","https","${path}/1"\\]`));

    const socket = await begun();
    const session = connectHttp2('https://one.test', {
      createConnection: () => tls.connect({ socket, rejectUnauthorized: false, ALPNProtocols: ['h2'] }),
    });
    const answer = await askHttp2(session, `${path}/2`);
    expect(JSON.parse(answer.body)).toEqual(['192.0.2.1', '4711', 'https', `${path}/2`]);
    const running = server(name);
    for (const line of [`${path}/1 HTTP/1.1 200`, `${path}/2 HTTP/2.0 200`])
      await running.waitFor(() => running.stdout.includes(`192.0.2.1 GET ${line}`), line);
  });

  it('a bad header ends the connection, as no text would be an answer', async () => {
    const wire = await connect(name);
    wire.write('PROXY TCP4 192.0.2.300 10.0.0.1 1 2\r\n');
    expect(await wire.ended).toBe('');
  });
});

it('a bad header is answered where TLS is not spoken, although it is at another address', async () => {
  const [line] = await server('mixed').waitForLog(/Listening at: .*/);
  const ends = [...line.matchAll(/:(\d+)[, ]/g)].map(async ([, port]) => {
    const wire = await wireTo(Number(port));
    wire.write('PROXY TCP4 192.0.2.300 10.0.0.1 1 2\r\n');
    return wire.ended;
  });
  expect(await Promise.all(ends)).toEqual([expect.stringMatching(/^HTTP\/1\.1 400 /), '']);
});
