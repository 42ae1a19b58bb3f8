import { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import { Connections } from '../../../src/http/connections.ts';
import { Room } from '../../../src/http/room.ts';
import { systemClock } from '../../../src/support/clock.ts';
import { FakeClock } from '../../support/fake-clock.ts';
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

describe('where all connections are seen by a clock of the test', () => {
  function fake() {
    const clock = new FakeClock();
    const connections = new Connections(() => {});
    const gone: string[] = [];
    const add = (name: string) => {
      const socket: Socket = Object.assign(new EventEmitter(), {
        ...{ bytesRead: 9, bytesWritten: 9, writableLength: 0 },
        destroy: () => {
          gone.push(name);
          socket.emit('close');
        },
      }) as unknown as Socket;
      connections.add(socket);
      return socket;
    };
    const speakHttp2 = (name: string) => {
      const socket = add(name);
      connections.speaksHttp2({ socket, closed: false, close: () => gone.push(`${name} by GOAWAY`) });
      return socket;
    };
    const stream = (socket: Socket) => {
      const response = new EventEmitter();
      connections.noteStream(socket, response as ServerResponse, clock.now());
      return response;
    };
    const ask = (socket: Socket, isAnswered: boolean) => {
      const request = { socket, complete: true };
      const response = { writableFinished: isAnswered, req: request } as unknown as ServerResponse;
      connections.note(request as unknown as IncomingMessage, response, clock.now());
      return response as { writableFinished: boolean };
    };
    const room = new Room({ connections, limit: 1, isFull: () => true, evicted: () => {}, clock });
    const pass = async (ms: number) => {
      for (let past = 0; past < ms; past += 100) {
        await clock.advance(100);
        await turns(4);
      }
    };
    return { add, speakHttp2, stream, ask, room, pass, gone };
  }

  it('a connection of HTTP/2 with a request under way stays, and goes by GOAWAY when it has been idle', async () => {
    const { speakHttp2, stream, room, pass, gone } = fake();
    const response = stream(speakHttp2('served'));
    room.make();
    await pass(3000);
    expect(gone).toEqual([]);
    response.emit('close');
    await pass(700);
    expect(gone).toEqual([]);
    await pass(600);
    expect(gone).toEqual(['served by GOAWAY']);
  });

  it('a client of HTTP/2 goes that never sends a request', async () => {
    const { speakHttp2, room, pass, gone } = fake();
    speakHttp2('unused');
    room.make();
    await vi.waitFor(async () => {
      await pass(100);
      expect(gone).toContain('unused');
    });
  });

  it('a client that polls goes after one that is idle for longer, though its request came before', async () => {
    const { add, ask, room, pass, gone } = fake();
    const polling = add('polling');
    const poll = ask(polling, false);
    await pass(100);
    ask(add('idle'), true);
    room.make();
    await pass(900);
    poll.writableFinished = true;
    await pass(100);
    const next = ask(polling, false);
    await pass(300);
    expect(gone).toEqual(['idle']);
    next.writableFinished = true;
    await pass(1200);
    expect(gone).toEqual(['idle', 'polling']);
  });
});
