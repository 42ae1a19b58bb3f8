import { expect, it } from 'vitest';
import { startEngine } from '../../../support/http-engine.ts';

const behind = 'GET /behind HTTP/1.1\r\nHost: x\r\n\r\n';

/** What llhttp takes and this server does not, with the status of the answer. */
const REFUSED: readonly (readonly [what: string, bytes: string, status?: number])[] = [
  ['no Host', 'GET / HTTP/1.1\r\n\r\n'],
  ['Host twice', 'GET / HTTP/1.1\r\nHost: x\r\nhost: x\r\n\r\n'],
  ['Host twice in HTTP/1.0', 'GET / HTTP/1.0\r\nHost: x\r\nhost: y\r\n\r\n'],
  ['an empty Host', 'GET / HTTP/1.1\r\nHost:\r\n\r\n'],
  ...[
    ...[
      'a b',
      'a@b',
      'a/b',
      'http://a',
      'a:b',
      'a:99999',
      '[::1',
      '::1',
      '[x]',
      '[1:2]',
      'a,b',
      'caf\xe9',
      'a?b',
      'a#b',
      'a\\b',
    ],
  ].map((host) => [`Host ${host}`, `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`] as const),
  ...[
    'x\r\nTransfer-Encoding: chunked',
    'identity, chunked',
    'gzip, chunked',
    'gzip',
    'identity',
    '"chunked"',
    'chunked;foo',
  ].map(
    (coding) =>
      [
        `Transfer-Encoding ${coding}`,
        `POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: ${coding}\r\n\r\n0\r\n\r\n`,
      ] as const,
  ),
  ['chunked twice', 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n'],
  ['chunked on HTTP/1.0', 'POST / HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
  ['HTTP/2.0', 'GET / HTTP/2.0\r\nHost: x\r\n\r\n'],
  ['HTTP/0.9', 'GET / HTTP/0.9\r\nHost: x\r\n\r\n'],
  ...[
    '*',
    '*x',
    '/a#b',
    '/a\\b',
    'ftp://x/',
    'http://a@x/',
    'http://y/',
    'http:///',
    'http://x:99999/',
    'http://x#a',
  ].map((target) => [`the target ${target}`, `GET ${target} HTTP/1.1\r\nHost: x\r\n\r\n`] as const),
  ['a target *x of OPTIONS', 'OPTIONS *x HTTP/1.1\r\nHost: x\r\n\r\n'],
  ['TRACE with a body', 'TRACE / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\na'],
  ['TRACE', 'TRACE / HTTP/1.1\r\nHost: x\r\n\r\n', 501],
  ['CONNECT', 'CONNECT x:443 HTTP/1.1\r\nHost: x:443\r\n\r\n', 501],
  ['CONNECT with a bad Host', 'CONNECT x:443 HTTP/1.1\r\nHost: a@x\r\n\r\n'],
  ['SOURCE of ICE', 'SOURCE / ICE/1.0\r\nHost: x\r\n\r\n', 501],
  ['DESCRIBE of RTSP', 'DESCRIBE / RTSP/1.0\r\nHost: x\r\n\r\n', 501],
  ['another Expect', 'POST / HTTP/1.1\r\nHost: x\r\nExpect: 200-ok\r\nContent-Length: 1\r\n\r\na', 417],
  [
    'two in Expect',
    'POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue, x\r\nContent-Length: 1\r\n\r\na',
    417,
  ],
  ...[
    'Host: x',
    'Authorization: a',
    'Content-Type: a/b',
    'Transfer-Encoding: chunked',
    'Content-Length: 1',
    'X-Forwarded-For: a',
  ].map(
    (trailer) =>
      [
        `a trailer ${trailer}`,
        `POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n${trailer}\r\n\r\n`,
      ] as const,
  ),
];

it.each(REFUSED)('refuses %s, and nothing behind it runs', async (_what, bytes, status = 400) => {
  const ended: string[] = [];
  const engine = await startEngine({
    handler: async (request, response) => {
      for await (const _ of request);
      ended.push(request.url ?? '');
      response.end('answered');
    },
  });
  const wire = await engine.send(bytes + behind);
  const answer = await wire.ended;
  expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} [^\r]+\r\nConnection: close\r\n`));
  expect(answer.match(/HTTP\/1\.1 /g)).toHaveLength(1);
  expect(ended).toEqual([]);
});

const TAKEN: readonly (readonly [what: string, bytes: string])[] = [
  ...['x', 'X:80', 'x:', '127.0.0.1:8000', '[::1]:80', '0.0.0.0=5000', 'a_b.c', 'a%20b'].map(
    (host) => [`Host ${host}`, `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`] as const,
  ),
  ['HTTP/1.0 without Host', 'GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n'],
  ...['http://x/', 'http://X:80/a', 'http://x', 'HTTP://x?a', '//x/y', '/a?b=c://d\\'].map(
    (target) => [`the target ${target}`, `GET ${target} HTTP/1.1\r\nHost: x\r\n\r\n`] as const,
  ),
  ['OPTIONS *', 'OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n'],
  ['PROPFIND', 'PROPFIND / HTTP/1.1\r\nHost: x\r\n\r\n'],
  ['Expect in HTTP/1.0', 'GET / HTTP/1.0\r\nConnection: keep-alive\r\nExpect: x\r\n\r\n'],
  ['100-continue', 'POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-Continue\r\nContent-Length: 1\r\n\r\na'],
  [
    'Chunked',
    'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: Chunked\r\n\r\n1;a=b\r\na\r\n0\r\nX-Sum: 1\r\n\r\n',
  ],
  ['Upgrade without Connection', 'GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n\r\n'],
];

it.each(TAKEN)('takes %s, and what is behind it', async (_what, bytes) => {
  const engine = await startEngine({
    handler: async (request, response) => {
      for await (const _ of request);
      const { url = '' } = request;
      response.writeHead(200, { 'Content-Length': url.length }).end(url);
    },
  });
  const wire = await engine.send(bytes + behind);
  expect(await wire.until(/\/behind$/)).not.toMatch(/HTTP\/1\.1 [45]/);
});

it('drops the field Proxy wherever it is read', async () => {
  const seen: unknown[] = [];
  const engine = await startEngine({
    handler: ({ headers, headersDistinct, rawHeaders }, response) => {
      seen.push(headers, { ...headersDistinct }, rawHeaders);
      response.end('answered');
    },
  });
  const wire = await engine.send('GET / HTTP/1.1\r\nHost: x\r\nPROXY: a\r\nproxy: b\r\nA: c\r\n\r\n');
  await wire.until(/answered$/);
  expect(seen).toEqual([{ host: 'x', a: 'c' }, { host: ['x'], a: ['c'] }, ['Host', 'x', 'A', 'c']]);
});

it('bounds the extensions of all chunks of a body together', async () => {
  let got = 0;
  const engine = await startEngine({
    handler: async (request, response) => {
      for await (const chunk of request) got += chunk.length;
      response.end('answered');
    },
  });
  const wire = await engine.send('POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n');
  const chunk = `1;${'a'.repeat(1000)}\r\nb\r\n`;
  for (let sent = 0; sent < 400; sent++) {
    if (wire.socket.destroyed || wire.text !== '') break;
    await new Promise((done) => wire.socket.write(chunk, done));
  }
  expect(await wire.ended).toMatch(/^HTTP\/1\.1 400 /);
  expect(got).toBeLessThan(200);
});

it('takes a body in chunks of a byte each', async () => {
  const engine = await startEngine({
    handler: async (request, response) => {
      let got = 0;
      for await (const chunk of request) got += chunk.length;
      response.end(`got ${got}`);
    },
  });
  const wire = await engine.send('POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n');
  for (let sent = 0; sent < 20; sent++) {
    wire.write('1\r\na\r\n'.repeat(2000));
    await new Promise((turn) => setImmediate(turn));
  }
  wire.write('0\r\n\r\n');
  await wire.until(/got 40000$/);
});

it('tells a client with a bad chunk so, though its application is at the request', async () => {
  const failed = Promise.withResolvers<unknown>();
  const engine = await startEngine({
    handler: (request) => void request.on('error', failed.resolve).resume(),
  });
  const wire = await engine.send('POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n');
  expect(await wire.ended).toMatch(/^HTTP\/1\.1 400 Bad Request\r\nConnection: close\r\n\r\n$/);
  expect(await failed.promise).toMatchObject({ code: 'ECONNRESET' });
});

it('closes the connection of a client that has its answer before its body is found bad', async () => {
  const engine = await startEngine({ handler: (_request, response) => void response.end('answered') });
  const wire = await engine.send(
    'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n',
  );
  await wire.until(/answered$/);
  wire.write(`0\r\nHost: y\r\n\r\n${behind}`);
  expect((await wire.ended).match(/HTTP\/1\.1 /g)).toHaveLength(1);
});

it('lets a client that pumps on read why it was refused', async () => {
  const engine = await startEngine({});
  const wire = await engine.send(`GET * HTTP/1.1\r\nHost: x\r\n\r\n${behind.repeat(40_000)}`);
  expect(await wire.ended).toMatch(/^HTTP\/1\.1 400 [\s\S]*valid[\s\S]*\n$/);
});
