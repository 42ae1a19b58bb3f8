import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import net, { type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import { beforeAll, expect, it, onTestFinished } from 'vitest';
import { Connections } from '../../../../../src/http/connections.ts';
import type { RequestCount } from '../../../../../src/http/observer.ts';
import type { WorkerLog } from '../../../../../src/log/records.ts';
import type { TlsCertificate, TlsMaterial } from '../../../../../src/process/ipc/tls.ts';
import type { Settings } from '../../../../../src/settings/catalogue/catalogue.ts';
import { loadSettings } from '../../../../../src/settings/load.ts';
import { type Clock, systemClock } from '../../../../../src/support/clock.ts';
import type { SslContext } from '../../../../../workers/accept/tls/contexts.ts';
import { TlsDoor } from '../../../../../workers/accept/tls/door.ts';
import { certify } from '../../../../support/certificates.ts';
import { FakeClock } from '../../../../support/fake-clock.ts';
import { FakeLogger } from '../../../../support/fake-logger.ts';
import { askResuming, askSecurely, connectSecurely } from '../../../../support/tls-client.ts';

const made: TlsCertificate[] = [];

beforeAll(() => {
  const directory = mkdtempSync(join(tmpdir(), 'tsunicorn-'));
  for (const [name, algorithm] of [
    ['one', 'ec'],
    ['two', 'ec'],
    ['two', 'rsa'],
  ] as const) {
    const { cert, key } = certify(directory, name, { algorithm });
    made.push({
      cert: readFileSync(cert, 'utf8'),
      key: readFileSync(key, 'utf8'),
      names: [name],
      ocsp: null,
    });
  }
  rmSync(directory, { recursive: true });
});

const materialOf = (...certificates: readonly (TlsCertificate | undefined)[]): TlsMaterial => ({
  certificates: certificates.filter((one) => one !== undefined),
  ...{ ca: null, crl: null },
});
const newKeys = () => randomBytes(48).toString('base64');

interface Opened {
  readonly settings?: Partial<Settings>;
  readonly clock?: Clock;
  readonly sslContext?: SslContext;
  readonly material?: TlsMaterial;
}

async function open({
  settings: changed,
  clock = systemClock,
  sslContext,
  material = materialOf(made[0]),
}: Opened = {}) {
  const { settings } = await loadSettings({
    ...{ argv: [], env: {}, cwd: '/', parse: () => ({}), applyEnvironment: () => {} },
    code: { settings: {}, config: null },
  });
  const log = new FakeLogger();
  const spec = { isEverywhere: true, material, ticketKeys: newKeys() };
  const door = new TlsDoor({
    ...{ spec, sslContext, clock },
    settings: { ...settings, ...changed },
    log: log as WorkerLog,
  });
  const accepted: Socket[] = [];
  const connections = new Connections(() => {});
  const protocols: string[] = [];
  const refused: string[] = [];
  const handshakes: string[] = [];
  const count: Pick<RequestCount, 'refused' | 'handshake'> = {
    refused: (code) => void refused.push(code),
    handshake: (outcome) => void handshakes.push(outcome),
  };
  const take = door.open({
    ...{ connections, protocols: ['http/1.1'], onRefused: () => {}, count: count as RequestCount },
    deliver: (socket, protocol) => {
      protocols.push(protocol);
      socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n'));
      socket.on('error', () => {});
    },
  });
  const server = net.createServer({ allowHalfOpen: true }, (socket: Socket) => {
    accepted.push(socket);
    connections.add(socket);
    take(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return {
    door,
    log,
    protocols,
    refused,
    handshakes,
    accepted,
    connections,
    port: (server.address() as AddressInfo).port,
  };
}

it('makes a full handshake with a ticket of the keys before, and resumes with the one that it gives then', async () => {
  const { door, port } = await open();
  const first = await askResuming(port);
  const again = await askResuming(port, { session: first.session });
  door.change({ tsunicorn: 'ticketKeys', ticketKeys: newKeys() });
  const rotated = await askResuming(port, { session: again.session });
  const after = await askResuming(port, { session: rotated.session });
  expect([first, again, rotated, after].map(({ isResumed }) => isResumed)).toEqual([
    false,
    true,
    false,
    true,
  ]);
  expect(rotated.text).toMatch(/^HTTP\/1\.1 200/);
});

it('keeps the keys of tickets where the certificates change, and those where the keys do', async () => {
  const { door, port } = await open();
  door.change({ tsunicorn: 'ticketKeys', ticketKeys: newKeys() });
  const { session } = await askResuming(port);
  door.change({ tsunicorn: 'certificates', material: materialOf(made[1], made[0]) });
  expect((await askResuming(port, { session })).isResumed).toBe(true);
  door.change({ tsunicorn: 'ticketKeys', ticketKeys: newKeys() });
  const names = await Promise.all(
    ['one', 'two', 'three'].map((servername) => askSecurely(port, { servername })),
  );
  expect(names.map(({ certificate }) => certificate)).toEqual(['one', 'two', 'two']);
});

it('serves on with the certificates before where the hook refuses new ones', async () => {
  let isWilling = true;
  const { door, log, port } = await open({
    sslContext: (defaults) => {
      if (!isWilling) throw new Error('not these');
      return defaults;
    },
  });
  isWilling = false;
  door.change({ tsunicorn: 'certificates', material: materialOf(made[1]) });
  expect((await askSecurely(port)).certificate).toBe('one');
  expect(log.lines.map(({ level, message }) => [level, message])).toEqual([
    ['error', 'This worker does not use the changed certificates: not these'],
  ]);
});

it('tells what was agreed on by ALPN, and refuses a client that speaks nothing of it', async () => {
  const { port, protocols, connections } = await open();
  await connectSecurely(port);
  await connectSecurely(port, { ALPNProtocols: ['h2', 'http/1.1'] });
  await connectSecurely(port, { ALPNProtocols: ['http/1.0'] });
  await expect(connectSecurely(port, { ALPNProtocols: ['h2'] })).rejects.toThrow(/no application protocol/);
  expect(protocols).toEqual(['http/1.1', 'http/1.1', 'http/1.0']);
  expect(connections.size).toBeGreaterThanOrEqual(3);
});

it.each<[string, () => unknown]>([
  [
    'throws',
    () => {
      throw new Error('broken');
    },
  ],
  ['rejects', () => Promise.reject(new Error('broken'))],
  ['returns a text', () => 'not DER'],
  ['returns what is no Buffer', () => new Uint8Array(8)],
])(
  'goes on without a response where the function ocspResponse %s, and says so once',
  async (_what, answer) => {
    const { log, port } = await open({
      sslContext: (defaults) => ({ ...defaults, ocspResponse: answer as () => null }),
    });
    for (let times = 0; times < 2; times++) {
      const socket = await connectSecurely(port, { requestOCSP: true });
      expect(socket.encrypted).toBe(true);
    }
    expect(log.lines.map(({ message, fields }) => [message, fields?.event])).toEqual([
      [
        'The function ocspResponse of the hook sslContext failed; clients get no OCSP response',
        'hook-failed',
      ],
    ]);
  },
);

it('staples what the function ocspResponse gives', async () => {
  const { log, port } = await open({
    sslContext: (defaults) => ({ ...defaults, ocspResponse: async () => Buffer.from('a response') }),
  });
  const socket = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false, requestOCSP: true });
  onTestFinished(() => void socket.destroy());
  const [response] = await once(socket, 'OCSPResponse');
  expect([String(response), log.lines]).toEqual(['a response', []]);
});

it('serves the certificate of the RSA key of two for the same name that is not the first', async () => {
  const { port } = await open({ material: materialOf(made[0], made[2], made[1]) });
  const kindOf = async (ciphers: string) => {
    const socket = await connectSecurely(port, { servername: 'two', maxVersion: 'TLSv1.2', ciphers });
    return socket.getPeerX509Certificate()?.publicKey.asymmetricKeyType;
  };
  expect(await kindOf('ECDHE-RSA-AES128-GCM-SHA256')).toBe('rsa');
  expect(await kindOf('ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES128-GCM-SHA256')).toBe('rsa');
});

it('counts clients without the certificate that they need, and plain HTTP', async () => {
  const { port, refused } = await open({ settings: { certReqs: 'required' } });
  await expect(askResuming(port)).resolves.toMatchObject({ text: '' });
  const socket = net.connect(port, '127.0.0.1');
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  expect((await socket.setEncoding('latin1').toArray()).join('')).toMatch(/^HTTP\/1\.1 400 /);
  expect(refused).toEqual(['TLS_CLIENT', 'TLS_PLAIN']);
});

it('counts handshakes by how they end', async () => {
  const clock = new FakeClock();
  const { port, accepted, handshakes } = await open({ clock });
  const { session } = await askResuming(port);
  await askResuming(port, { session });
  await expect(connectSecurely(port, { maxVersion: 'TLSv1.2', ciphers: 'AES128-SHA' })).rejects.toThrow();
  const [silent, plain, slow] = [1, 2, 3].map(() => net.connect(port, '127.0.0.1').on('error', () => {}));
  plain?.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  await once(plain?.resume() as Socket, 'end');
  // The beginning of a record.
  slow?.write(Buffer.of(0x16, 3, 1));
  await expect
    .poll(() => accepted.reduce((sum, { bytesRead }) => sum + (bytesRead === 3 ? 1 : 0), 0))
    .toBe(1);
  const closed = [silent, slow].map((socket) => once(socket?.resume() as Socket, 'close'));
  await clock.advance(11_000);
  await Promise.all(closed);
  await expect.poll(() => handshakes).toEqual(['new', 'resumed', 'failed', 'timeout']);
});

it('counts a client without the certificate that it needs as refused, and no handshake twice', async () => {
  const { port, handshakes } = await open({ settings: { certReqs: 'required' } });
  await expect(askResuming(port)).resolves.toMatchObject({ text: '' });
  expect(handshakes).toEqual(['refused']);
});

it('does not wait for the client to end its side behind plain HTTP, whatever the limit of handshakes', async () => {
  const clock = new FakeClock();
  const { port, accepted } = await open({ clock, settings: { handshakeTimeout: 0 } });
  const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  onTestFinished(() => void socket.destroy());
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  await once(socket.resume(), 'end');
  const closed = once(accepted[0] as Socket, 'close');
  await clock.advance(3000);
  await closed;
});
