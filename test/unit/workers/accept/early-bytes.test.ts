import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { fs } from '../../../../src/support/builtins.ts';
import { EarlyBytes } from '../../../../workers/accept/early-bytes.ts';

describe('early bytes', () => {
  let server: Server;
  const clients: Socket[] = [];

  beforeEach(async () => {
    server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterEach(() => {
    for (const client of clients.splice(0)) client.destroy();
    server.close();
  });

  /** Both ends of a connection whose client has written `text`, which has arrived. */
  async function accepted(text: string): Promise<Socket> {
    const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
    clients.push(client);
    const [[socket]] = await Promise.all([once(server, 'connection'), once(client, 'connect')]);
    // Loopback delivers within the system call.
    if (text !== '') await new Promise((done) => client.write(text, done));
    return socket;
  }

  it('puts what has come in front of what follows', async () => {
    const socket = await accepted('first ');
    expect(new EarlyBytes().read(socket)).toBe(true);
    socket.setEncoding('utf8');
    clients.at(-1)?.end('second');
    const parts = [];
    for await (const part of socket) parts.push(part);
    expect(parts.join('')).toBe('first second');
  });

  it('leaves a connection alone that has sent nothing, has ended, or is gone', async () => {
    const early = new EarlyBytes();
    expect(early.read(await accepted(''))).toBe(false);
    const gone = await accepted('late');
    gone.destroy();
    expect(early.read(gone)).toBe(false);
    expect(early.read(new Socket())).toBe(false);
  });

  it('leaves a connection alone of which Node has read already', async () => {
    const socket = await accepted('first ');
    await vi.waitUntil(() => socket.readableLength > 0);
    await new Promise((done) => clients.at(-1)?.write('second', done));
    expect(new EarlyBytes().read(socket)).toBe(false);
    clients.at(-1)?.end();
    expect(await text(socket)).toBe('first second');
  });

  it('counts what it has read, as an application may look at it', async () => {
    const socket = await accepted('first ');
    expect(new EarlyBytes().read(socket)).toBe(true);
    expect(socket.bytesRead).toBe(6);
    clients.at(-1)?.end('second');
    await text(socket);
    expect(socket.bytesRead).toBe(12);
    socket.destroy();
    expect(socket.bytesRead).toBe(12);
  });

  it('reads by itself, whatever an application makes of fs.readSync', async () => {
    const replaced = vi.spyOn(fs, 'readSync');
    onTestFinished(() => replaced.mockRestore());
    expect(new EarlyBytes().read(await accepted('request'))).toBe(true);
    expect(replaced).not.toHaveBeenCalled();
  });

  it('asks seldom where nothing ever comes in time, and always again once something did', async () => {
    const early = new EarlyBytes();
    const [silent, eager] = [await accepted(''), await accepted('request')];
    for (let time = 0; time < 20; time++) expect(early.read(silent)).toBe(false);
    const asked = Array.from({ length: 16 }, () => early.read(eager));
    expect(asked.filter((found) => found)).toHaveLength(1);
    expect(early.read(await accepted('request'))).toBe(true);
  });
});
