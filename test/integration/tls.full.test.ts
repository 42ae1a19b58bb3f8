import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import tls from 'node:tls';
import { expect, it } from 'vitest';
import { answerOcsp, certify, chain, revoke } from '../support/certificates.ts';
import { onTestFinished, tellTestsApart } from '../support/current-test.ts';
import { PROGRAM_MS } from '../support/patience.ts';
import { refusal } from '../support/refusal.ts';
import { askResuming, askSecurely, connectSecurely } from '../support/tls-client.ts';
import { app, type Running, root, serve, start, temporaryDirectory } from '../support/tsunicorn.ts';
import { upgrade } from '../support/upgrade.ts';

tellTestsApart();

const view = app('tls-view.mjs:app');
const portOf = ({ at }: { readonly at: string }) => Number(new URL(at).port);

/** All URLs that it listens at, in the order of the binds. */
async function urlsOf(running: Running): Promise<readonly string[]> {
  const [, text = ''] = await running.waitForLog(/Listening at: (.*) \(\d+\)/);
  return text.split(', ');
}

/** Sends bytes by TCP; resolves with all that comes back until the connection ends. */
async function exchange(port: number, text: string): Promise<string> {
  const socket = net.connect(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  socket.write(text);
  return (await socket.setEncoding('latin1').toArray()).join('');
}

for (const workerClass of ['async', 'sync', 'thread']) {
  it(`class ${workerClass} serves TLS and plain HTTP, names and client certificates`, async () => {
    const cwd = temporaryDirectory();
    const authority = certify(cwd, 'authority', { isAuthority: true });
    const [one, two] = [
      certify(cwd, 'one.test'),
      certify(cwd, 'two.test', { names: ['two.test', '*.two.test'] }),
    ];
    const client = certify(cwd, 'client', { names: ['ann'], by: authority });
    const running = start(
      [
        ...['-k', workerClass, '-b', 'tls:127.0.0.1:0', '-b', '127.0.0.1:0', '--hsts', '300'],
        ...['--certfile', one.cert, '--keyfile', one.key, '--certfile', two.cert, '--keyfile', two.key],
        ...['--ca-certs', authority.cert, '--cert-reqs', 'optional', view],
        ...[
          '--access-logfile',
          '-',
          '--access-logformat',
          '%(U)s %({SSL_PROTOCOL}x)s %({SSL_CLIENT_S_DN}x)s',
        ],
      ],
      { cwd },
    );
    const [secure = '', plain = ''] = await urlsOf(running);
    expect([secure, plain].map((url) => new URL(url).protocol)).toEqual(['https:', 'http:']);
    const port = Number(new URL(secure).port);
    const first = await askSecurely(port, { path: '/first' });
    expect(JSON.parse(first.text)).toMatchObject({
      encrypted: true,
      client: null,
      protocol: 'TLSv1.3',
      name: null,
    });
    expect([first.certificate, first.headers['strict-transport-security']]).toEqual([
      'one.test',
      'max-age=300',
    ]);
    const named = await Promise.all(
      ['two.test', 'a.two.test', 'a.b.two.test', 'ONE.test'].map((servername) =>
        askSecurely(port, { servername }),
      ),
    );
    expect(named.map(({ certificate }) => certificate)).toEqual([
      'two.test',
      'two.test',
      'one.test',
      'one.test',
    ]);
    const known = { cert: readFileSync(client.cert), key: readFileSync(client.key) };
    const ours = await askSecurely(port, { ...known, path: '/known', servername: 'two.test' });
    expect(JSON.parse(ours.text)).toMatchObject({ authorized: true, client: 'ann', name: 'two.test' });
    const stranger = { cert: readFileSync(one.cert), key: readFileSync(one.key) };
    await expect(askSecurely(port, stranger)).rejects.toThrow();
    await running.waitForLog(/Refused a connection of 127\.0\.0\.1: its certificate is not accepted: /);
    const [answer, ours2] = await Promise.all([
      fetch(plain),
      askSecurely(port, { method: 'POST', body: 'x' }),
    ]);
    expect(await answer.json()).toMatchObject({ encrypted: false });
    expect([answer.headers.get('strict-transport-security'), ours2.status]).toEqual([null, 200]);
    const readable = await exchange(port, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    expect(readable).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n[\s\S]*speaks HTTPS; write https:\/\//);
    expect(await exchange(port, '\0\x01\x02')).toBe('');
    await running.waitFor(() => /^\/known TLSv1\.3 CN=ann$/m.test(running.stdout), 'the access line');
    expect(running.stdout).toMatch(/^\/first TLSv1\.3 -$/m);
    running.signal('SIGTERM');
    expect(await running.end()).toMatchObject({ status: 0 });
  });
}

it('fetch handlers get https: in their URLs, and the gateway its scheme and the client', async () => {
  const cwd = temporaryDirectory();
  const { cert, key } = certify(cwd, 'one.test');
  const mtls = ['--ca-certs', cert, '--cert-reqs', '2'];
  const args = ['-b', '127.0.0.1:0', '--certfile', cert, '--keyfile', key];
  const fetching = await serve([app('tls-view.mjs:fetching'), ...args]);
  expect((await askSecurely(portOf(fetching), { path: '/a' })).text).toBe(`${fetching.at}/a`);
  const gateway = await serve(['-k', 'thread', app('tls-view.mjs:gateway'), ...args, ...mtls], {
    files: { 'tsunicorn.config.mjs': 'export default {};' },
  });
  const shown = { cert: readFileSync(cert), key: readFileSync(key) };
  expect((await askSecurely(portOf(gateway), shown)).text).toBe('https TLSv1.3 SUCCESS CN=one.test');
  await expect(askSecurely(portOf(gateway))).rejects.toThrow();
  await gateway.waitForLog(/it has shown no certificate \(--cert-reqs required\)/);
});

it('a program that listens itself is served over TLS, and one that ends TLS itself is refused', async () => {
  const cwd = temporaryDirectory();
  const { cert, key } = certify(cwd, 'one.test');
  const args = ['--certfile', cert, '--keyfile', key];
  const files = {
    'plain.mjs':
      "import http from 'node:http'; http.createServer((req, res) => res.end(String(req.socket.encrypted))).listen(3000);",
    'echo.mjs': "import net from 'node:net'; net.createServer((socket) => socket.pipe(socket)).listen(3000);",
    'own.mjs': "import https from 'node:https'; https.createServer((req, res) => res.end()).listen(3000);",
  };
  const plain = await serve(['plain.mjs', ...args], { files });
  expect(plain.at).toMatch(/^https:/);
  expect((await askSecurely(portOf(plain))).text).toBe('true');
  const both = ['--http-protocols', 'h2,http/1.1'];
  const echo = await serve(['echo.mjs', '--listen-port', '3000', ...both, ...args], { cwd: plain.cwd });
  expect(echo.at).toMatch(/^tls:/);
  const socket = await connectSecurely(Number(/\d+$/.exec(echo.at)?.[0]), {
    ALPNProtocols: ['h2', 'http/1.1'],
  });
  expect(socket.alpnProtocol).toBe('http/1.1');
  socket.write('hello');
  expect(`${(await once(socket, 'data'))[0]}`).toBe('hello');
  const own = start(['own.mjs', '-b', '127.0.0.1:0', ...args], { cwd: plain.cwd });
  expect((await own.end()).status).toBe(4);
  expect(own.stderr).toMatch(/own\.mjs: it ends TLS itself \(.*https\.Server.*\), and so would --certfile; /);
});

it('sessions are resumed by all workers, after reloads and upgrades, and not under other rules for clients', async () => {
  const cwd = temporaryDirectory();
  const { cert, key } = certify(cwd, 'one.test', { isAuthority: true });
  const two = certify(cwd, 'two.test');
  const certs = `certfile: ['${cert}', '${two.cert}'], keyfile: ['${key}', '${two.key}']`;
  writeFileSync(join(cwd, 'tsunicorn.config.mjs'), `export default { workers: 4, ${certs} };`);
  const running = await serve([view], { cwd });
  const port = portOf(running);
  const resume = async (options: Parameters<typeof askResuming>[1], times: number) => {
    let resumed = 0;
    let { session } = await askResuming(port, options);
    for (let count = 0; count < times; count++) {
      const next = await askResuming(port, { ...options, session });
      if (next.isResumed) resumed++;
      ({ session } = next);
    }
    return { resumed, session };
  };
  const tls13 = await resume({}, 25);
  const tls12 = await resume({ maxVersion: 'TLSv1.2', servername: 'two.test' }, 25);
  expect([tls13.resumed, tls12.resumed]).toEqual([25, 25]);
  running.signal('SIGHUP');
  await running.waitForLog(/Generation 2 is ready/);
  const reloaded = await askResuming(port, { session: tls13.session });
  const pid = await upgrade(running);
  running.signal('SIGTERM');
  await running.waitForLog(/the upgrade is complete/);
  const upgraded = await askResuming(port, { session: reloaded.session });
  expect([reloaded.isResumed, upgraded.isResumed]).toEqual([true, true]);
  writeFileSync(
    join(cwd, 'tsunicorn.config.mjs'),
    `export default { workers: 2, ${certs}, caCerts: '${cert}', certReqs: 'required' };`,
  );
  const seen = running.stderr.length;
  process.kill(pid, 'SIGHUP');
  await running.waitForLog(
    /Worker exiting[\s\S]*Worker exiting[\s\S]*Worker exiting[\s\S]*Worker exiting/,
    seen,
  );
  await expect(
    askResuming(port, { session: upgraded.session }).then(({ isResumed, text }) => [isResumed, text]),
  ).resolves.toEqual([false, '']);
});

it.concurrent('a client that does not finish its handshake is cut, and one that does is not', async () => {
  const cwd = temporaryDirectory();
  const { cert, key } = certify(cwd, 'one.test');
  const running = await serve(['--certfile', cert, '--keyfile', key, '--handshake-timeout', '0.5', view], {
    cwd,
  });
  const port = portOf(running);
  const idle = await connectSecurely(port);
  const hello = Buffer.from([0x16, 3, 1, 0, 200, 1]).toString('latin1');
  // One that sends nothing, and one that begins.
  const silent = net.connect(port, '127.0.0.1');
  onTestFinished(() => void silent.destroy());
  await Promise.all([once(silent.resume(), 'close'), exchange(port, hello)]);
  idle.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  expect(`${(await once(idle, 'data'))[0]}`).toMatch(/^HTTP\/1\.1 200/);
});

it('the hook sslContext changes what TLS is made of, and staples a response', async () => {
  const cwd = temporaryDirectory();
  const [one, two] = [certify(cwd, 'one.test'), certify(cwd, 'two.test')];
  writeFileSync(
    join(cwd, 'tsunicorn.config.mjs'),
    `export default {
      certfile: '${one.cert}', keyfile: '${one.key}',
      sslContext: (defaults) => ({ ...defaults, maxVersion: 'TLSv1.2', ocspResponse: () => Buffer.from('stapled') }),
    };`,
  );
  const running = await serve([view], { cwd });
  const socket = await connectSecurely(portOf(running));
  expect(socket.getProtocol()).toBe('TLSv1.2');
  const asking = tls.connect({ port: portOf(running), rejectUnauthorized: false, requestOCSP: true });
  onTestFinished(() => void asking.destroy());
  expect(`${(await once(asking, 'OCSPResponse'))[0]}`).toBe('stapled');
  writeFileSync(
    join(cwd, 'tsunicorn.config.mjs'),
    `export default { certfile: '${two.cert}', keyfile: '${two.key}', sslContext: () => { throw new Error('no context today'); } };`,
  );
  running.signal('SIGHUP');
  await running.waitForLog(/no TLS context can be made \(with the hook sslContext\): no context today/);
  expect((await askSecurely(portOf(running))).certificate).toBe('one.test');
});

it('staples the response of --ocsp-file, which clients can check', async () => {
  const cwd = temporaryDirectory();
  const authority = certify(cwd, 'authority', { isAuthority: true });
  const leaf = certify(cwd, 'one.test', { by: authority });
  chain(leaf, authority);
  const ocsp = answerOcsp(cwd, leaf, authority);
  const running = await serve([
    ...[
      '--certfile',
      leaf.cert,
      '--keyfile',
      leaf.key,
      '--ocsp-file',
      ocsp,
      '--http-protocols',
      'h2,http/1.1',
    ],
    view,
  ]);
  const at = ['-connect', `127.0.0.1:${portOf(running)}`, '-servername', 'one.test'];
  for (const version of ['-tls1_2', '-tls1_3']) {
    const asked = spawnSync('openssl', ['s_client', ...at, version, '-status', '-CAfile', authority.cert], {
      input: '',
      encoding: 'utf8',
      timeout: PROGRAM_MS,
    });
    expect(asked.stdout).toMatch(/OCSP Response Status: successful[\s\S]*Cert Status: good/);
    expect(asked.stdout).toMatch(/Verify return code: 0 \(ok\)/);
  }
});

it('uwsgi over TLS is refused in one line', async () => {
  const cwd = temporaryDirectory();
  const { cert, key } = certify(cwd, 'one.test');
  expect(
    await refusal([view, '-b', '127.0.0.1:0', '--protocol', 'uwsgi', '--certfile', cert, '--keyfile', key]),
  ).toMatch(/^--protocol: uwsgi is not spoken over TLS; leave --certfile away and let the proxy end TLS/);
});

it('certificates that cannot be served are refused in one line, and nothing is left behind', async () => {
  const cwd = temporaryDirectory({ 'no.pem': 'nothing', 'ocsp.der': 'nothing' });
  const [one, two] = [certify(cwd, 'one.test'), certify(cwd, 'two.test')];
  const old = certify(cwd, 'old.test', { days: -1 });
  const pair = (cert: string, key: string) => ['--certfile', cert, '--keyfile', key];
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [
      pair(one.cert, two.key),
      /^--keyfile \/.*two\.test\.key: the key does not match the certificate of .*one\.test\.pem; /,
    ],
    [
      pair(old.cert, old.key),
      /^--certfile \/.*old\.test\.pem: the certificate has expired on \d{4}-.* UTC; renew it/,
    ],
    [pair('missing.pem', one.key), /^--certfile \/.*missing\.pem: there is no such file; /],
    [pair(one.cert, cwd), /^--keyfile \/.*: it is not a file; /],
    [pair('no.pem', one.key), /^--certfile .*no\.pem: it has no certificate \(PEM\); /],
    [['--certfile', one.cert], /^--certfile .*one\.test\.pem: it has no private key \(PEM\); .*--keyfile/],
    [
      [...pair(one.cert, one.key), '--certfile', two.cert],
      /^--keyfile: there are 1 of these and 2 of --certfile; /,
    ],
    [[...pair(one.cert, one.key), '--cert-reqs', 'required'], /^--cert-reqs: .*--ca-certs/],
    [[...pair(one.cert, one.key), '--ciphers', 'NONE-SUCH'], /^--ciphers: OpenSSL does not accept it/],
    [
      [...pair(one.cert, one.key), '--ocsp-file', 'ocsp.der'],
      /^--ocsp-file .*ocsp\.der: it is no OCSP response/,
    ],
    [[...pair(one.cert, one.key), '--tls-min', '1.1'], /^--tls-min: expected one of 1\.2, 1\.3/],
    [['-b', 'tls:127.0.0.1:0'], /^--bind tls:127\.0\.0\.1:0: there is no certificate; .*--certfile/],
  ];
  for (const [args, line] of cases) {
    const bind = args.includes('-b') ? [] : ['-b', `unix:${cwd}/socket`];
    expect(await refusal([view, '--pid', 'pid', ...bind, ...args], { cwd })).toMatch(line);
  }
  const { existsSync } = await import('node:fs');
  expect(['pid', 'socket'].filter((name) => existsSync(join(cwd, name)))).toEqual([]);
});

it('the arbiter reads a key that the user of the workers cannot read, and says whose user cannot', async ({
  skip,
}) => {
  if (process.getuid?.() !== 0) skip();
  const cwd = temporaryDirectory();
  chmodSync(cwd, 0o755);
  const { cert, key } = certify(cwd, 'one.test');
  chmodSync(key, 0o600);
  const args = ['--certfile', cert, '--keyfile', key, view];
  const running = await serve(['--user', 'nobody', ...args]);
  expect((await askSecurely(portOf(running))).status).toBe(200);
  const asNobody = start(['-b', '127.0.0.1:0', ...args], {
    through: ['setpriv', '--reuid', 'nobody', '--clear-groups'],
    cwd: root,
  });
  expect((await asNobody.end()).status).toBe(1);
  expect(asNobody.stderr).toMatch(/--keyfile .*one\.test\.key: the user nobody \(65534\) may not read it, /);
});

it('revoked clients are refused, and a chain that lacks its middle is served with a warning', async () => {
  const cwd = temporaryDirectory();
  const authority = certify(cwd, 'authority', { isAuthority: true });
  const [good, bad] = [certify(cwd, 'good', { by: authority }), certify(cwd, 'bad', { by: authority })];
  const crl = revoke(cwd, authority, [bad]);
  const server = certify(cwd, 'one.test', {
    by: authority,
    issuerAt: 'http://a.test/a.der',
    days: 5,
    algorithm: 'rsa',
  });
  const args = ['--ca-certs', authority.cert, '--cert-reqs', 'required', '--crl', crl];
  const running = await serve(['--certfile', server.cert, '--keyfile', server.key, ...args, view]);
  const as = ({ cert, key }: typeof good) => ({ cert: readFileSync(cert), key: readFileSync(key) });
  expect((await askSecurely(portOf(running), as(good))).status).toBe(200);
  await expect(askSecurely(portOf(running), as(bad))).rejects.toThrow();
  await running.waitForLog(/its certificate is not accepted: CERT_REVOKED/);
  expect(running.stderr).toMatch(
    /\[WARNING\] Certificate of one\.test \(.*\): valid until .*, 4 days; the certificate of its issuer is missing \(authority\)/,
  );
  chain(server, authority);
  const seen = running.stderr.length;
  running.signal('SIGHUP');
  await running.waitForLog(/\[INFO\] Certificate of one\.test \(.*\): valid until .*, 4 days$/m, seen);
});
