import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hashOf, latch } from '../support/conformance/target.ts';
import { ask, askBytes } from '../support/http-client.ts';
import { sharedDirectory, shareServers } from '../support/shared.ts';
import { root } from '../support/tsunicorn.ts';
import { wireTo } from '../support/wire.ts';

const FRAMEWORKS = ['express', 'koa', 'fastify', 'hono', 'gateway'] as const;
const FILE = randomBytes(3 * 1024 ** 2);
const PART = Buffer.alloc(64 * 1024, 'x');

const directory = sharedDirectory();
const file = join(directory, 'file.bin');
writeFileSync(file, FILE);
const servers = shareServers(
  FRAMEWORKS.map((name) => [
    ...['-k', 'thread', '--threads', '2', '-b', '127.0.0.1:0'],
    join(root, `test/fixtures/frameworks/${name}.ts:app`),
  ]),
  { cwd: root, env: { FILE: file } },
);

describe.each(FRAMEWORKS)('%s in threads', (name) => {
  const server = servers[FRAMEWORKS.indexOf(name)] ?? (() => ({ at: '', stderr: '' }));
  const at = (path: string) => ({ url: server().at, path });
  const wire = (text: string) =>
    wireTo(Number(new URL(server().at).port)).then((it) => {
      it.write(text);
      return it;
    });

  it('reads and answers JSON', async () => {
    const headers = { 'Content-Type': 'application/json' };
    const { body } = await ask({ ...at('/json'), method: 'POST', headers, body: '{"title":"Æsop"}' });
    expect(JSON.parse(body)).toEqual({ got: { title: 'Æsop' } });
  });

  it('sends a file', async () => {
    const { status, bytes } = await askBytes(at('/file'));
    expect({ status, hash: hashOf([bytes]) }).toEqual({ status: 200, hash: hashOf([FILE]) });
  });

  it('is done with a file whose client goes half way', async () => {
    for (let round = 0; round < 4; round++) {
      const half = await wire('GET /file HTTP/1.1\r\nHost: x\r\n\r\n');
      await half.until(/./);
      half.socket.destroy();
    }
    const { bytes } = await askBytes(at('/file'));
    expect(hashOf([bytes])).toBe(hashOf([FILE]));
  });

  it('takes a client that leaves for no error', async () => {
    const from = server().stderr.length;
    for (let round = 0; round < 4; round++) {
      const { query, release } = latch();
      const events = await wire(`GET /events?${query} HTTP/1.1\r\nHost: x\r\n\r\n`);
      await events.until(/data: 1\n\n/);
      events.socket.destroy();
      release();
      await ask(at('/fail'));
    }
    // Koa tells errors past the log.
    expect(server().stderr.slice(from)).not.toMatch(/ERROR|Error/);
  });

  it.each(['/fail', '/fail/later'])('answers errors by its own middleware (%s)', async (path) => {
    const { status, body } = await ask(at(path));
    expect({ status, body: JSON.parse(body) }).toEqual({
      status: 422,
      body: { error: 'failed on purpose' },
    });
  });

  it('sends events as they happen', async () => {
    const { query, release } = latch();
    const events = await wire(`GET /events?${query} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    expect(await events.until(/data: 1\n\n/)).toMatch(/\r\ncontent-type: text\/event-stream/i);
    expect(events.text).not.toMatch(/data: 2/);
    release();
    // To its end: Hono's events keep the connection.
    await events.until(/data: 2\n\n[\s\S]*\r\n0\r\n\r\n$/);
  });

  it('takes an upload of 20 MB', async () => {
    const headers = { 'Content-Type': 'application/octet-stream' };
    const body = Array.from({ length: 320 }, () => PART);
    expect(await ask({ ...at('/upload'), method: 'POST', headers, body })).toMatchObject({
      status: 200,
      body: String(20 * 1024 ** 2),
    });
  });
});

describe('express in threads', () => {
  const server = servers[0] ?? (() => ({ at: '' }));
  const fileWith = (headers: Readonly<Record<string, string>>, method = 'GET') =>
    askBytes({ url: server().at, path: '/file', method, headers });

  it('sends a part of a file, or nothing where the client has it', async () => {
    const part = await fileWith({ Range: 'bytes=10-19' });
    expect(part).toMatchObject({ status: 206, headers: { 'content-length': '10' } });
    expect(part.bytes).toEqual(FILE.subarray(10, 20));
    const fresh = await fileWith({ 'If-None-Match': part.headers.etag ?? '' });
    expect([fresh.status, fresh.bytes.length]).toEqual([304, 0]);
    const head = await fileWith({}, 'HEAD');
    expect(head).toMatchObject({ status: 200, headers: { 'content-length': String(FILE.length) } });
  });
});
