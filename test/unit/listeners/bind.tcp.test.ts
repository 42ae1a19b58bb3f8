import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, fstatSync, openSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { bind, bindAll, describeListeners, explainBind } from '../../../src/listeners/bind.ts';
import { closing } from '../../../src/listeners/closing.ts';
import type { Listener } from '../../../src/listeners/listener.ts';
import { expandLocalhost, formatAddress, hasAddress, parseAddress } from '../../../src/settings/address.ts';
import { UsageError } from '../../../src/support/errors.ts';
import { PROGRAM_MS } from '../../support/patience.ts';
import { temporaryDirectory } from '../../support/tsunicorn.ts';

const hasV6 = hasAddress('::1');
if (!hasV6) console.warn('This machine has no ::1: nothing was checked about IPv6.');

async function bindText(text: string): Promise<Listener> {
  const listener = await bind(parseAddress('--bind', text));
  onTestFinished(() => listener.close());
  return listener;
}

const refusal = (text: string) =>
  bindText(text).then(
    () => 'it was bound',
    (error: unknown) => (error instanceof UsageError ? error.message : `no UsageError: ${error}`),
  );

/** A server of somebody else's; its port. */
async function listening(host = '127.0.0.1'): Promise<number> {
  const server = net.createServer().listen(0, host);
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  return (server.address() as net.AddressInfo).port;
}

/** A port of 127.0.0.1 that nobody has. */
async function freePort(): Promise<number> {
  const { url, close } = await bind(parseAddress('--bind', '127.0.0.1:0'));
  close();
  return Number(new URL(url).port);
}

describe('addresses that get in each other’s way', () => {
  it.each([
    ['127.0.0.1', '127.0.0.1'],
    ['127.0.0.1', '0.0.0.0'],
  ])('%s and %s are told so, not that somebody else has the port', async (one, other) => {
    const port = await freePort();
    const addresses = [`${one}:${port}`, `${other}:${port}`].map((text) => parseAddress('--bind', text));
    await expect(bindAll(addresses)).rejects.toThrow(
      new UsageError(`--bind ${other}:${port}: it overlaps --bind ${one}:${port}; remove one of them`),
    );
  });

  it('may be one path twice', async () => {
    const path = join(temporaryDirectory(), 'app.sock');
    const addresses = [path, path].map((text) => parseAddress('--bind', `unix:${text}`));
    await expect(bindAll(addresses)).rejects.toThrow(/: it overlaps --bind unix:.*; remove one of them$/);
  });
});

describe('a TCP address', () => {
  it('with port 0 says which port it got', async () => {
    const { url } = await bindText('127.0.0.1:0');
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:[1-9]\d*$/);
  });

  it('is held without listening: a client is refused', async () => {
    const { url } = await bindText('127.0.0.1:0');
    const client = net.connect(Number(new URL(url).port), '127.0.0.1');
    const [error] = await once(client, 'error');
    expect(error.code).toBe('ECONNREFUSED');
  });

  it.skipIf(!hasV6)('may be of IPv6', async () => {
    const { url } = await bindText('[::1]:0');
    expect(url).toMatch(/^http:\/\/\[::1\]:\d+$/);
  });

  it('may be a name, which prefers IPv4', async () => {
    const { url } = await bindText('localhost:0');
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  });

  it('whose name nobody knows is refused with the name', async () => {
    expect(await refusal('nowhere.invalid:0')).toMatch(
      /^--bind nowhere\.invalid:0: cannot resolve "nowhere\.invalid" \(\w+\); /,
    );
  });

  it('that a server listens on is refused', async () => {
    const port = await listening();
    expect(await refusal(`127.0.0.1:${port}`)).toMatch(/^--bind 127\.0\.0\.1:\d+: .*already in use; /);
  });

  it('that this machine does not have is refused', async () => {
    expect(await refusal('192.0.2.1:0')).toMatch(/^--bind 192\.0\.2\.1:0: .*does not have that address/);
  });

  it('is free again once it is closed, however often', async () => {
    const listener = await bindText('127.0.0.1:0');
    const { port } = new URL(listener.url);
    listener.close();
    listener.close();
    const server = net.createServer().listen(Number(port), '127.0.0.1');
    await once(server, 'listening');
    server.close();
  });
});

describe('localhost', () => {
  const expanded = (text: string, has: (host: string) => boolean) =>
    expandLocalhost(parseAddress('--bind', text), has).map(({ source, ...address }) => [
      source,
      formatAddress({ source, ...address }),
    ]);

  it('stands for the loopback addresses that the machine has, and each names itself', () => {
    expect(expanded('localhost:80', () => true)).toEqual([
      ['--bind localhost:80 (127.0.0.1)', 'http://127.0.0.1:80'],
      ['--bind localhost:80 ([::1])', 'http://[::1]:80'],
    ]);
    expect(expanded('localhost:80', (host) => host === '::1')).toEqual([
      ['--bind localhost:80 ([::1])', 'http://[::1]:80'],
    ]);
    expect(expanded('localhost:80', () => false)).toEqual([['--bind localhost:80', 'http://localhost:80']]);
    expect(expanded('127.0.0.1:80', () => true)).toEqual([['--bind 127.0.0.1:80', 'http://127.0.0.1:80']]);
  });

  it.skipIf(!hasV6)('has one port on both, also where the kernel chooses it', async () => {
    const listeners = await bindAll(expandLocalhost(parseAddress('--bind', 'localhost:0'), hasAddress));
    onTestFinished(() => {
      for (const listener of listeners) listener.close();
    });
    const ports = listeners.map(({ url }) => new URL(url).port);
    expect(listeners.map(({ url }) => new URL(url).hostname)).toEqual(['127.0.0.1', '[::1]']);
    expect(new Set(ports).size).toBe(1);
  });

  it.skipIf(!hasV6)('is refused by the address that is taken', async () => {
    const port = await listening('::1');
    const addresses = expandLocalhost(parseAddress('--bind', `localhost:${port}`), hasAddress);
    await expect(bindAll(addresses)).rejects.toThrow(
      /^--bind localhost:\d+ \(\[::1\]\): the address is already in use/,
    );
  });
});

describe('several addresses', () => {
  it('are bound in their order', async () => {
    const addresses = ['127.0.0.1:0', 'unix:@tsunicorn-order'].map((text) => parseAddress('--bind', text));
    const listeners = await bindAll(addresses);
    onTestFinished(() => {
      for (const listener of listeners) listener.close();
    });
    expect(listeners.map(({ address }) => address)).toEqual(addresses);
  });

  it('are all released when a later one cannot be bound', async () => {
    const name = `unix:@tsunicorn-released-${process.pid}`;
    const addresses = [name, '192.0.2.1:0'].map((text) => parseAddress('--bind', text));
    await expect(bindAll(addresses)).rejects.toThrow(/192\.0\.2\.1/);
    expect((await bindText(name)).url).toBe(name);
  });
});

describe('an abstract name', () => {
  it('is bound and shown with its @', async () => {
    const name = `unix:@tsunicorn-abstract-${process.pid}`;
    expect((await bindText(name)).url).toBe(name);
  });

  it('that is taken is refused', async () => {
    const name = `unix:@tsunicorn-taken-${process.pid}`;
    await bindText(name);
    expect(await refusal(name)).toMatch(/^--bind unix:@tsunicorn-taken-\d+: .*already in use/);
  });

  it('that is too long is refused with the limit', async () => {
    expect(await refusal(`unix:@${'n'.repeat(200)}`)).toMatch(/at most 10\d bytes/);
  });
});

describe('an inherited descriptor', () => {
  it('is used as it is, and closed once', async () => {
    const server = net.createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const child = `
      import { bind } from ${JSON.stringify(new URL('../../../src/listeners/bind.ts', import.meta.url).href)};
      import { fstatSync } from 'node:fs';
      const listener = await bind({ kind: 'fd', source: '--bind fd://3', fd: 3 });
      const before = fstatSync(3).isSocket();
      listener.close();
      listener.close();
      let after = 'open';
      try { fstatSync(3) } catch (error) { after = error.code }
      console.log(listener.fd, listener.url, before, after);
    `;
    // In a process of its own: there the descriptor belongs to nobody else.
    const fd = (server as unknown as { _handle: { fd: number } })._handle.fd;
    const text = execFileSync(process.execPath, ['--input-type=module', '-e', child], {
      stdio: ['ignore', 'pipe', 'inherit', fd],
      encoding: 'utf8',
      timeout: PROGRAM_MS,
    });
    server.close();
    expect(text.trim()).toBe('3 fd://3 true EBADF');
  });

  it('that is not open is refused', async () => {
    expect(() => fstatSync(1_000_000)).toThrow(/EBADF/);
    expect(await refusal('fd://1000000')).toMatch(
      /^--bind fd:\/\/1000000: no such open descriptor \(EBADF\); /,
    );
  });

  it('that is no socket is refused', async () => {
    const fd = openSync(temporaryDirectory(), 'r');
    onTestFinished(() => closeSync(fd));
    expect(await refusal(`fd://${fd}`)).toMatch(/^--bind fd:\/\/\d+: the descriptor is not a socket/);
  });
});

describe('the listeners as the log has them', () => {
  const listener = (text: string, url: string): Listener => ({
    address: parseAddress('--bind', text),
    fd: 9,
    url,
    ...closing(() => {}),
  });

  it('have the addresses that were bound, and for a descriptor what its worker found', () => {
    const listeners = [
      listener(':0', 'http://0.0.0.0:4242'),
      listener('unix:a', 'unix:/run/a'),
      listener('fd://3', 'fd://3'),
    ];
    const urls = ['http://0.0.0.0:4242', '', 'http://10.0.0.1:80'];
    expect(describeListeners(listeners, urls)).toEqual([
      'http://0.0.0.0:4242',
      'unix:/run/a',
      'http://10.0.0.1:80',
    ]);
    expect(describeListeners(listeners, [])).toEqual(['http://0.0.0.0:4242', 'unix:/run/a', 'fd://3']);
  });
});

describe('an unknown error', () => {
  it('is shown as the system says it, behind the source', () => {
    expect(explainBind('--bind x', 'EWEIRD', 'bind EWEIRD')).toBe('--bind x: bind EWEIRD');
    expect(explainBind('--bind x', undefined, 'it failed')).toBe('--bind x: it failed');
  });
});
