import { beforeEach, describe, expect, it } from 'vitest';
import { sendAway } from '../../../../src/http/drain/send-away.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { type Engine, get, startEngine } from '../../../support/http-engine.ts';
import { turns, type Wire } from '../../../support/wire.ts';

let clock: FakeClock;
beforeEach(() => {
  clock = new FakeClock();
});

const CLOSE_FRAME = '\x88\x02\x03\xe9';
const upgradeTo = (protocol: string, path = '/') =>
  `GET ${path} HTTP/1.1\r\nHost: t\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\n\r\n`;

/** Answers every upgrade, save on /slow, and begins the answers of every other request. */
async function talkingEngine(): Promise<Engine> {
  return startEngine({
    clock,
    upgrade: (request, socket) => {
      if (request.url !== '/slow') socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n');
    },
    handler: (request, response) => {
      const type = request.url === '/events' ? 'text/event-stream' : 'text/plain';
      if (request.url === '/late') return;
      response.writeHead(200, { 'content-type': type });
      response.write('begun');
    },
  });
}

async function binary(wire: Wire): Promise<Wire> {
  wire.socket.setEncoding('latin1');
  return wire;
}

async function opened(engine: Engine, text: string, pattern: RegExp): Promise<Wire> {
  const wire = await binary(await engine.send(text));
  await wire.until(pattern);
  return wire;
}

const webSocket = (engine: Engine) => opened(engine, upgradeTo('WebSocket'), /101/);
const events = (engine: Engine) => opened(engine, get('/events'), /begun/);

describe('long-lived connections that are sent away', () => {
  it('closes WebSockets in their own words, and ends streams of events', async () => {
    const engine = await talkingEngine();
    const [socket, stream] = [await webSocket(engine), await events(engine)];
    const stop = sendAway(engine.connections, 0, clock);
    await socket.until(new RegExp(`${CLOSE_FRAME}$`));
    await stream.until(/begun\r\n0\r\n\r\n$/);
    stop();
  });

  it('ends the connection of a stream with it, which its headers may have promised to keep', async () => {
    const engine = await talkingEngine();
    const stream = await events(engine);
    const stop = sendAway(engine.connections, 0, clock);
    expect(await stream.ended).toMatch(/Connection: keep-alive.*begun\r\n0\r\n\r\n$/is);
    stop();
  });

  it('ends a stream behind which requests wait, and lets them run', async () => {
    const engine = await talkingEngine();
    const wire = await opened(engine, get('/events') + get('/events') + get('/plain'), /begun/);
    const stop = sendAway(engine.connections, 0, clock);
    await wire.until(/begun\r\n0\r\n\r\nHTTP[\s\S]*begun/);
    await clock.advance(50);
    await wire.until(/(begun\r\n0\r\n\r\nHTTP[\s\S]*){2}text\/plain[\s\S]*begun/);
    stop();
  });

  it('goes from one to the next, and says it once', async () => {
    const engine = await talkingEngine();
    const sockets = [await webSocket(engine), await webSocket(engine), await webSocket(engine)];
    const told = () => sockets.filter(({ text }) => text.includes(CLOSE_FRAME)).length;
    const stop = sendAway(engine.connections, 10_000, clock, () => 0);
    const history: number[] = [];
    for (let look = 0; look < 4; look++) {
      await turns(20);
      history.push(told());
      await clock.advance(50);
    }
    expect(history).toEqual([1, 2, 3, 3]);
    expect(sockets.map(({ text }) => text.split(CLOSE_FRAME).length)).toEqual([2, 2, 2]);
    stop();
  });

  it('ends a WebSocket whose client does not answer within two seconds', async () => {
    const engine = await talkingEngine();
    const socket = await webSocket(engine);
    const stop = sendAway(engine.connections, 0, clock);
    await socket.until(new RegExp(CLOSE_FRAME));
    await clock.advance(1900);
    expect(engine.connections.size).toBe(1);
    await clock.advance(100);
    expect(await socket.ended).toMatch(new RegExp(`${CLOSE_FRAME}$`));
    stop();
    expect(clock.timerCount).toBe(0);
  });

  it('meets those too that begin meanwhile', async () => {
    const engine = await talkingEngine();
    const stop = sendAway(engine.connections, 0, clock);
    const stream = await events(engine);
    await clock.advance(50);
    await stream.until(/begun\r\n0\r\n\r\n$/);
    stop();
  });

  it('is not for ordinary answers, nor for a handshake without an answer, nor for other protocols', async () => {
    const engine = await talkingEngine();
    const others = [
      await opened(engine, get('/plain'), /begun/),
      await binary(await engine.send(get('/late'))),
      await binary(await engine.send(upgradeTo('websocket', '/slow'))),
      await opened(engine, upgradeTo('echo'), /101/),
    ];
    const stop = sendAway(engine.connections, 0, clock);
    await clock.advance(5000);
    await turns(20);
    expect(others.map(({ socket }) => socket.readableEnded)).toEqual([false, false, false, false]);
    expect(others.filter(({ text }) => text.includes(CLOSE_FRAME))).toEqual([]);
    expect(engine.connections.longLived()).toEqual([]);
    stop();
  });

  it('survives an application that goes on writing', async () => {
    const written: unknown[] = [];
    const engine = await startEngine({
      handler: (_request, response) => {
        response.setHeader('Content-Type', 'text/event-stream');
        response.write('begun');
        response.once('finish', () => {
          response.write('more', (error) => written.push(error));
          response.end('more');
        });
      },
    });
    const stream = await events(engine);
    sendAway(engine.connections, 0, clock)();
    await stream.until(/begun\r\n0\r\n\r\n$/);
    while (written.length === 0) await turns(1);
    expect(written).toEqual([expect.objectContaining({ code: 'ERR_STREAM_WRITE_AFTER_END' })]);
  });
});
