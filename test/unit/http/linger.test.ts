import { once } from 'node:events';
import type { IncomingMessage, RequestListener } from 'node:http';
import net, { type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startEngine } from '../../support/http-engine.ts';

const LENGTH = 1_000_000;
const part = Buffer.alloc(LENGTH / 10);

type Reads = (request: IncomingMessage) => unknown;

/** A client that has sent a tenth of its body and has its answer, and with it the news that the connection ends. */
async function answeredEarly(reads: Reads = () => {}) {
  const engine = await startEngine({
    keepAliveMs: 0,
    handler: async (req, res) => {
      await reads(req);
      res.writeHead(413, { 'Content-Length': 2 }).end('no');
    },
  });
  const client = net.connect({ port: engine.port, host: '127.0.0.1', allowHalfOpen: true });
  onTestFinished(() => void client.destroy());
  const errors: Error[] = [];
  client.on('error', (error) => errors.push(error));
  client.write(`POST / HTTP/1.1\r\nHost: test\r\nContent-Length: ${LENGTH}\r\n\r\n`);
  client.write(part);
  let text = '';
  client.setEncoding('utf8').on('data', (more) => {
    text += more;
  });
  await once(client, 'end');
  expect(text).toMatch(/^HTTP\/1\.1 413 [\s\S]*\r\nConnection: close\r\n[\s\S]*no$/);
  return { engine, client, errors };
}

const written = (client: Socket) => new Promise<void>((done) => client.write(part, () => done()));

describe('a connection that ends with an answer to a request that has not been read', () => {
  it.each<[string, Reads]>([
    ['read nothing', () => {}],
    [
      'stopped',
      (req) =>
        once(
          req.on('data', () => req.pause()),
          'data',
        ),
    ],
    [
      'read by bytes',
      (req) =>
        once(
          req.on('readable', () => req.read(10)),
          'readable',
        ),
    ],
    ['left the loop', async (req) => (await req.iterator({ destroyOnReturn: false }).next()).value],
  ])('takes the rest of the body where the application %s, and is closed behind it', async (_what, reads) => {
    const { engine, client, errors } = await answeredEarly(reads);
    for (let sent = 1; sent < 10; sent++) await written(client);
    await engine.connections.emptied();
    expect(errors).toEqual([]);
  });

  it('is closed when its client goes', async () => {
    const { engine, client } = await answeredEarly();
    client.destroy();
    await engine.connections.emptied();
  });

  it('is closed at once where the application has destroyed the request', async () => {
    const handler: RequestListener = async (req, res) => {
      req.destroy();
      await once(req, 'close');
      res.end('nobody reads this');
    };
    const engine = await startEngine({ keepAliveMs: 0, handler });
    const wire = await engine.send('POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 9\r\n\r\nsome');
    expect(await wire.ended).toBe('');
  });
});
