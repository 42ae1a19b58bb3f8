import { once } from 'node:events';
import { existsSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Door } from '../../../src/admin/door.ts';
import { bind } from '../../../src/listeners/bind.ts';
import type { Listener } from '../../../src/listeners/listener.ts';
import { parseAddress } from '../../../src/settings/address.ts';
import { temporaryDirectory } from '../../support/tsunicorn.ts';

async function openDoor(text: string): Promise<{ readonly listener: Listener; readonly door: Door }> {
  const listener = await bind(parseAddress('--admin-bind', text));
  const door = new Door((request, response) => void response.end(`answer to ${request.url}`));
  door.open(listener, (error) => {
    throw error;
  });
  onTestFinished(() => {
    door.close();
    listener.close();
  });
  return { listener, door };
}

const socketTo = ({ url }: Listener) =>
  url.startsWith('unix:') ? net.connect(url.slice(5)) : net.connect(Number(new URL(url).port), '127.0.0.1');

/** What the door writes until it closes the connection, or nothing comes any more. */
async function answersTo(listener: Listener, text: string): Promise<readonly string[]> {
  const socket = socketTo(listener).setEncoding('utf8');
  onTestFinished(() => void socket.destroy());
  let got = '';
  socket.on('data', (piece: string) => {
    got += piece;
  });
  socket.end(text);
  await once(socket, 'close');
  return got.match(/answer to \S*?(?=HTTP|$)/g) ?? [];
}

const asking = (path: string) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;

describe('a door', () => {
  it.each(['127.0.0.1:0', 'unix:'])(
    'at %s lets go of its descriptor, which others get then',
    async (text) => {
      const path = join(temporaryDirectory(), 'admin.sock');
      const { listener, door } = await openDoor(text === 'unix:' ? `unix:${path}` : text);
      expect(await answersTo(listener, asking('/a'))).toEqual(['answer to /a']);
      door.close();
      listener.close();
      expect(existsSync(path)).toBe(false);
      // The lowest free numbers are given first: one of these servers has the door's.
      for (let count = 0; count < 4; count++) {
        const server = net.createServer((socket) => socket.end('others')).listen(0, '127.0.0.1');
        onTestFinished(() => void server.close());
        await once(server, 'listening');
        const socket = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1');
        expect(String((await once(socket, 'data'))[0])).toBe('others');
      }
    },
  );

  it('answers the first of pipelined requests, and then closes the connection', async () => {
    const { listener } = await openDoor('127.0.0.1:0');
    expect(await answersTo(listener, ['/a', '/b', '/c'].map(asking).join(''))).toEqual(['answer to /a']);
  });

  it('answers one request after the other on a connection', async () => {
    const { listener } = await openDoor('127.0.0.1:0');
    const socket = socketTo(listener).setEncoding('utf8');
    onTestFinished(() => void socket.destroy());
    for (const path of ['/a', '/b']) {
      socket.write(asking(path));
      expect((await once(socket, 'data'))[0]).toMatch(new RegExp(`answer to ${path}$`));
    }
  });
});
