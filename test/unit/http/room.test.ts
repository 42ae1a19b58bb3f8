import type { Socket } from 'node:net';
import { expect, it } from 'vitest';
import { Room } from '../../../src/http/room.ts';
import { systemClock } from '../../../src/support/clock.ts';
import { get, startEngine } from '../../support/http-engine.ts';
import { turns } from '../../support/wire.ts';

async function full() {
  const engine = await startEngine({
    handler: (request, response) => {
      if (request.url !== '/held') response.end('done');
    },
  });
  const evicted: Socket[] = [];
  const { connections } = engine;
  const sizeIs = async (size: number) => {
    while (connections.size !== size) await turns(1);
  };
  const room = (limit: number) =>
    new Room({
      ...{ connections, limit, clock: systemClock },
      isFull: () => connections.size >= limit,
      evicted: (socket) => evicted.push(socket),
    });
  return { engine, connections, evicted, sizeIs, room };
}

it('gives the place of the oldest client without a whole head to another, and never that of a request', async () => {
  const { engine, evicted, sizeIs, room } = await full();
  const held = await engine.send(get('/held'));
  const idle = await engine.send(get());
  await idle.until(/done$/);
  const first = await engine.send('GET / HT');
  await sizeIs(3);
  const second = await engine.send('');
  await sizeIs(4);
  const made = room(4);
  made.make();
  made.make();
  await first.ended;
  await sizeIs(3);
  expect(evicted).toHaveLength(1);
  for (const wire of [held, idle, second]) expect(wire.socket.destroyed).toBe(false);
  second.write(get());
  await second.until(/done$/);
});

it('closes the connection that has been idle for longest where all have sent their heads', async () => {
  const { engine, evicted, sizeIs, room } = await full();
  const wires = [await engine.send(get('/held')), await engine.send(get())];
  await wires[1]?.until(/done$/);
  const later = await engine.send(get());
  await later.until(/done$/);
  room(3).make();
  await wires[1]?.ended;
  await sizeIs(2);
  expect(evicted).toEqual([]);
  expect([wires[0]?.socket.destroyed, later.socket.destroyed]).toEqual([false, false]);
});
