import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { refuseAll } from '../../../src/http/refuse-all.ts';
import { type Engine, get, startEngine } from '../../support/http-engine.ts';
import { turns } from '../../support/wire.ts';

/** An engine that has `count` requests waiting; `begin` may start their answers. */
async function waiting(text: string, count: number, begin: (response: ServerResponse) => void = () => {}) {
  const engine = await startEngine({ handler: (_request, response) => begin(response) });
  const wire = await engine.send(text);
  while (engine.connections.requests().length < count) await turns(1);
  return { engine, wire };
}

const refused = (engine: Engine) =>
  refuseAll(engine.connections).requests.map(({ path, got }) => [path, got]);

describe('refuseAll', () => {
  it('answers a waiting request with a whole 503', async () => {
    const { engine, wire } = await waiting(get('/a'), 1);
    expect(refuseAll(engine.connections)).toEqual({
      requests: [{ method: 'GET', path: '/a', ageMs: expect.any(Number), got: '503' }],
      unread: 0,
    });
    await wire.until(
      /^HTTP\/1\.1 503 .*\r\nRetry-After: 1\r\nConnection: close\r\n\r\nService Unavailable\n$/s,
    );
  });

  it('goes on to the others where a socket cannot be asked', async () => {
    const { engine } = await waiting(get('/a'), 1);
    const other = await engine.send(get('/b'));
    while (engine.connections.requests().length < 2) await turns(1);
    const [stopped] = engine.connections.requests();
    const { socket } = stopped?.response ?? {};
    // As in the middle of a write.
    Object.defineProperty(socket, 'bytesWritten', {
      get() {
        throw new TypeError('half written');
      },
    });
    expect(refused(engine)).toEqual([
      ['/a', 'nothing'],
      ['/b', '503'],
    ]);
    await other.until(/503/);
  });

  it('sends no body after HEAD', async () => {
    const { engine, wire } = await waiting('HEAD /a HTTP/1.1\r\nHost: t\r\n\r\n', 1);
    expect(refused(engine)).toEqual([['/a', '503']]);
    await wire.until(/\r\n\r\n$/);
  });

  it('adds nothing to an answer that has begun', async () => {
    const { engine, wire } = await waiting(get('/a'), 1, (response) => response.write('part'));
    await wire.until(/part/);
    expect(refused(engine)).toEqual([['/a', 'part']]);
    await turns(5);
    expect(wire.text).not.toContain('503');
  });

  it('answers the first of pipelined requests alone', async () => {
    const { engine, wire } = await waiting(get('/a') + get('/b'), 2);
    expect(refused(engine)).toEqual([
      ['/a', '503'],
      ['/b', 'nothing'],
    ]);
    await wire.until(/503/);
    await turns(5);
    expect(wire.text.match(/503/g)).toHaveLength(1);
  });

  it('answers connections from which nothing was read, and not those that are idle between requests', async () => {
    const { engine, wire } = await waiting(get('/a'), 0, (response) => response.end('done'));
    await wire.until(/done/);
    const fresh = await engine.send('');
    while (engine.connections.size < 2) await turns(1);
    expect(refuseAll(engine.connections)).toEqual({ requests: [], unread: 1 });
    await fresh.until(/503/);
    await turns(5);
    expect(wire.text).not.toContain('503');
  });
});
