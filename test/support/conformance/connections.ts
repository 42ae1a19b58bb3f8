import { expect } from 'vitest';
import { type Cases, latch } from './target.ts';

const get = (path: string, version = '1.1', ...lines: readonly string[]) =>
  `${[`GET ${path} HTTP/${version}`, 'Host: wire.test', ...lines].join('\r\n')}\r\n\r\n`;

const answersIn = (text: string) => text.match(/^HTTP\/1\.1 \d+/gm) ?? [];

/** How many requests a connection carries, and how it ends. */
export const connections: Cases = {
  'keeps a connection where the class does, and says so where it does not': async (target) => {
    const wire = await target.wire(get('/'));
    if (target.traits.keepsConnections) {
      await wire.until(/hello\n/);
      wire.write(get('/empty', '1.1', 'Connection: close'));
      const text = await wire.ended;
      expect(answersIn(text)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 200']);
      expect(text).toMatch(/connection: keep-alive[\s\S]*connection: close/i);
    } else expect(await wire.ended).toMatch(/\r\nconnection: close\r\n[\s\S]*hello\n$/i);
  },
  'keeps a connection on which a body was left unread': async (target) => {
    const request = `POST /unread HTTP/1.1\r\nHost: wire.test\r\nContent-Length: 100000\r\n\r\n`;
    const wire = await target.wire(request + 'x'.repeat(100_000));
    await wire.until(/not read\n/);
    if (!target.traits.keepsConnections) return void (await wire.ended);
    wire.write(get('/', '1.1', 'Connection: close'));
    expect(await wire.ended).toMatch(/hello\n$/);
  },
  'answers pipelined requests in order, or the first alone where it closes': async (target) => {
    const { query, release } = latch();
    const wire = await target.wire(
      get(`/pieces?${query}`) + get('/reason') + get('/', '1.1', 'Connection: close'),
    );
    await wire.until(/first\n/);
    release();
    const text = await wire.ended;
    if (target.traits.keepsConnections)
      expect(text).toMatch(
        / 200 OK\r\n[\s\S]*first[\s\S]*second[\s\S]* 299 [\s\S]*fine[\s\S]* 200 OK\r\n[\s\S]*hello\n$/,
      );
    else expect(answersIn(text)).toEqual(['HTTP/1.1 200']);
  },
  'runs no request behind an answer that closes the connection': async (target) => {
    const calls = await target.callsDuring(async () => {
      const wire = await target.wire(get('/') + get('/') + get('/'));
      if (target.traits.keepsConnections) await wire.until(/(?:hello\n[\s\S]*){3}/);
      else await wire.ended;
    });
    expect(calls).toBe(target.traits.keepsConnections ? 3 : 1);
  },
  'closes when the client asks for it': async (target) => {
    const wire = await target.wire(get('/', '1.1', 'Connection: close'));
    expect(await wire.ended).toMatch(/\r\nconnection: close\r\n[\s\S]*hello\n$/i);
  },
  'answers a client of HTTP/1.0 and closes, without chunks': async (target) => {
    const wire = await target.wire('GET / HTTP/1.0\r\n\r\n');
    expect(await wire.ended).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*\r\n\r\nhello\n$/);
    const { query, release } = latch();
    const stream = await target.wire(get(`/pieces?${query}`, '1.0'));
    await stream.until(/first\n/);
    release();
    expect(await stream.ended).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*\r\n\r\nfirst\nsecond\n$/);
    expect(stream.text).not.toMatch(/transfer-encoding/i);
  },
  'takes a head that comes in pieces': async (target) => {
    const wire = await target.wire('GET / HT');
    for (const piece of ['TP/1.1\r', '\nHost: wire', '.test\r\nConnection: close\r\n', '\r\n']) {
      await new Promise((turn) => setTimeout(turn, 8));
      wire.write(piece);
    }
    expect(await wire.ended).toMatch(/hello\n$/);
  },
};
