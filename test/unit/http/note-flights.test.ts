import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { FlightReader } from '../../../src/flights/reader.ts';
import { FlightTable } from '../../../src/flights/table.ts';
import { get, startEngine } from '../../support/http-engine.ts';

/** An engine whose table is read before, at the end of, and after what `answer` does. */
async function noting(answer: (response: ServerResponse) => unknown) {
  const flights = new FlightTable();
  const reader = new FlightReader(flights.buffer);
  const urls = () => reader.list().map(({ url }) => url);
  const seen: string[][] = [];
  const engine = await startEngine({
    flights,
    handler: (_request, response) => {
      seen.push(urls());
      return answer(response);
    },
  });
  return { engine, urls, seen };
}

describe('the requests that the engine notes', () => {
  it('are in the table while their handler runs, and no longer once it has answered', async () => {
    const { engine, urls, seen } = await noting((response) => response.end('fine'));
    const wire = await engine.send(get('/a') + get('/b'));
    await wire.until(/fine.*fine/s);
    expect(seen).toEqual([['/a'], ['/b']]);
    expect(urls()).toEqual([]);
  });

  it('are there until an answer that takes a while is sent', async () => {
    const responses: ServerResponse[] = [];
    const { engine, urls } = await noting((response) => void responses.push(response));
    const wire = await engine.send(get('/a') + get('/b'));
    await expect.poll(urls).toEqual(['/a', '/b']);
    responses[0]?.end('first');
    // It waited for the first one.
    await expect.poll(() => responses.length).toBe(2);
    expect(urls()).toContain('/b');
    responses[1]?.end('second');
    await wire.until(/second/);
    await expect.poll(urls).toEqual([]);
  });

  it('are there while their client has yet to take the answer', async () => {
    const { engine, urls } = await noting((response) => response.end(Buffer.alloc(64 * 1024 * 1024)));
    const wire = await engine.send(get('/big'));
    wire.socket.pause();
    await expect.poll(urls).toEqual(['/big']);
    wire.socket.destroy();
    await expect.poll(urls).toEqual([]);
  });

  it('are gone when the handler has failed, or the client', async () => {
    const { engine, urls } = await noting(() => {
      throw new Error('broken');
    });
    await (await engine.send(get('/a'))).until(/^HTTP\/1\.1 500 /);
    await expect.poll(urls).toEqual([]);
    const held = await noting(() => {});
    const wire = await held.engine.send(get('/held'));
    await expect.poll(held.urls).toEqual(['/held']);
    wire.socket.destroy();
    await expect.poll(held.urls).toEqual([]);
  });
});
