import { once } from 'node:events';
import https from 'node:https';
import { join } from 'node:path';
import tls from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ask } from '../support/http-client.ts';
import { type Running, root, serve, start } from '../support/tsunicorn.ts';
import { Wire, wireTo } from '../support/wire.ts';

const servers = join(root, 'test/fixtures/shapes/servers.mjs');
const portOf = ({ at }: { at: string }) => Number(new URL(at).port);

/** A client that speaks TLS and trusts anybody. */
async function secureWireTo(port: number): Promise<Wire> {
  const socket = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false });
  onTestFinished(() => void socket.destroy());
  const wire = new Wire(socket);
  await once(socket, 'secureConnect');
  return wire;
}

async function secureStatus(running: Running & { at: string }, path: string): Promise<string> {
  const options = { port: portOf(running), path, rejectUnauthorized: false, agent: false };
  const [response] = await once(https.get(options), 'response');
  const parts = await response.setEncoding('utf8').toArray();
  return `${response.statusCode} ${parts.join('')}`;
}

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;

describe.each(['async', 'sync'])('an exported server in class %s', (name) => {
  const served = (spec: string, ...options: readonly string[]) =>
    serve(['-k', name, ...options, `${servers}:${spec}`]);

  it('keeps its listeners and options, and is observed and limited as any other', async () => {
    const running = await served('particular', '--access-logfile', '-', '--request-timeout', '0.5');
    await running.waitFor(() => running.stdout.includes('It listens on 127.0.0.1'), 'its listening event');
    const upload = await wireTo(portOf(running));
    upload.write('POST /upload HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n');
    expect(await upload.until(/too large/)).toMatch(/^HTTP\/1\.1 413 /);
    const hostless = await wireTo(portOf(running));
    hostless.write('GET /hostless HTTP/1.1\r\n\r\n');
    expect(await hostless.until(/plain GET \/hostless/)).toMatch(/^HTTP\/1\.1 200 /);
    const large = await wireTo(portOf(running));
    large.write(`GET / HTTP/1.1\r\nX-Large: ${'x'.repeat(4096)}\r\n\r\n`);
    expect(await large.until(/\r\n\r\n/)).toMatch(/^HTTP\/1\.1 431 /);
    const tunnel = await wireTo(portOf(running));
    tunnel.write('CONNECT example.com:443 HTTP/1.1\r\nHost: x\r\n\r\n');
    await tunnel.until(/tunnel to example\.com:443/);
    expect(await ask({ url: running.at, path: '/hang' })).toMatchObject({ status: 504 });
    running.signal('SIGTERM');
    expect(await running.end()).toEqual({ status: 0, signal: null });
    expect(running.stdout).toContain('It closes');
    expect(running.stdout).toMatch(/"POST \/upload HTTP\/1\.1" 413 /);
  });

  it('speaks TLS where it is an https.Server, and is drained as any other', async () => {
    const running = await served('secure', '--access-logfile', '-');
    expect(running.at).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
    expect(await secureStatus(running, '/first')).toBe('200 secure GET /first');
    const plain = await wireTo(portOf(running));
    plain.write(get('/'));
    expect(await plain.ended).not.toMatch(/^HTTP/);
    const last = await secureWireTo(portOf(running));
    last.write(get('/last'));
    // It has been read by the time that another, later one is answered; in class sync that one waits.
    expect(await secureStatus(running, '/second')).toBe('200 secure GET /second');
    running.signal('SIGTERM');
    expect(await last.until(/the last/)).toMatch(/\r\nConnection: close\r\n/);
    expect(await running.end()).toEqual({ status: 0, signal: null });
    expect(running.stdout).toMatch(/"GET \/last HTTP\/1\.1" 200 /);
    expect(running.stderr).not.toMatch(/\[(WARNING|ERROR|CRITICAL)\]/);
  });
});

it('an https.Server serves WebSockets, which are told that the worker goes', async () => {
  const running = await serve([`${servers}:secure`]);
  const wire = await secureWireTo(portOf(running));
  wire.socket.setEncoding('latin1');
  wire.write('GET /chat HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
  await wire.until(/101 Switching Protocols[\s\S]*\r\n\r\n/);
  wire.write('over to you');
  await wire.until(/over to you/);
  running.signal('SIGTERM');
  // The close frame of 1001, inside of TLS.
  await running.waitFor(() => wire.text.includes('\x88\x02\x03\xe9'), 'the close frame');
  expect(await running.end()).toEqual({ status: 0, signal: null });
});

describe('in class thread', () => {
  it('what the program has set on its server is named at boot', async () => {
    const running = await serve(['-k', 'thread', '--threads', '1', `${servers}:particular`]);
    await running.waitForLog(
      /\[WARNING\] These settings of the exported server have no effect in class thread: maxHeaderSize, .*'checkContinue'.*; use class async/,
    );
  });

  it('an https.Server is refused', async () => {
    const running = start(['-k', 'thread', '--threads', '1', '-b', '127.0.0.1:0', `${servers}:secure`]);
    expect(await running.end()).toEqual({ status: 4, signal: null });
    expect(running.stderr).toMatch(/servers\.mjs:secure: an https\.Server cannot be served in class thread/);
  });
});
