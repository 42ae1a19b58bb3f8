import { AsyncLocalStorage } from 'node:async_hooks';
import net, { type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { HandedListener } from '../../../../src/process/ipc/boot-spec.ts';
import { systemClock } from '../../../../src/support/clock.ts';
import { EarlyDoors } from '../../../../workers/accept/early-doors.ts';
import { createGate, type Gate, ListenError } from '../../../../workers/accept/gate.ts';
import { temporaryDirectory } from '../../../support/tsunicorn.ts';
import { turns, Wire, wireTo } from '../../../support/wire.ts';

interface Bound {
  readonly handed: HandedListener;
  readonly to: number | string;
}

// The gate closes the descriptor, in a worker its own copy; here it is the only one, so nobody else may close it.
function boundTcp(port = 0): Bound {
  const socket = new net.BoundSocket({ host: '127.0.0.1', port });
  const to = (socket.address() as net.AddressInfo).port;
  return { to, handed: { fd: socket.fd(), kind: 'tcp', source: `--bind 127.0.0.1:${to}`, url: '' } };
}

function boundUnix(kind: 'unix' | 'fd' = 'unix'): Bound {
  const to = join(temporaryDirectory(), 'app.sock');
  const fd = new net.BoundSocket({ path: to }).fd();
  return { to, handed: { fd, kind, source: `--bind unix:${to}`, url: '' } };
}

/** An open gate that greets whomever it feeds, and what it has fed. */
async function openGate(bounds: readonly Bound[], onFed: (gate: Gate) => void = () => {}, backlog = 128) {
  const fed: Wire[] = [];
  const gate = createGate((socket: Socket) => {
    fed.push(new Wire(socket));
    socket.write('hello');
    onFed(gate);
  }, systemClock);
  const urls = await gate.open(
    bounds.map(({ handed }) => handed),
    backlog,
  );
  onTestFinished(() => {
    gate.close();
    for (const { socket } of fed) socket.destroy();
  });
  return { gate, fed, urls };
}

const refused = (to: number | string) =>
  wireTo(to).then(
    () => 'connected',
    (error: NodeJS.ErrnoException) => error.code,
  );

const kinds = [
  ['a TCP socket', () => boundTcp()],
  ['a Unix socket', () => boundUnix()],
  ['an inherited Unix socket', () => boundUnix('fd')],
] as const;

describe.each(kinds)('a gate of %s', (_kind, bound) => {
  it('feeds whoever connects', async () => {
    const at = bound();
    await openGate([at]);
    await (await wireTo(at.to)).until(/hello/);
    await (await wireTo(at.to)).until(/hello/);
  });

  it('serves after a pause whoever came meanwhile, and nobody before', async () => {
    const at = bound();
    const { gate, fed } = await openGate([at]);
    gate.pause();
    const waiting = [await wireTo(at.to), await wireTo(at.to)];
    await turns(20);
    expect(fed).toEqual([]);
    gate.resume();
    for (const wire of waiting) await wire.until(/hello/);
  });

  it('loses nothing that was written during the pause', async () => {
    const at = bound();
    const { gate, fed } = await openGate([at]);
    gate.pause();
    const wire = await wireTo(at.to);
    wire.write('first ');
    await turns(20);
    wire.write('second');
    await turns(20);
    gate.resume();
    await wire.until(/hello/);
    await fed[0]?.until(/^first second$/);
  });

  it('feeds outside of the context of whoever resumes it', async () => {
    const at = bound();
    const storage = new AsyncLocalStorage();
    const seen: unknown[] = [];
    const { gate } = await openGate([at], () => void seen.push(storage.getStore()));
    gate.pause();
    const waiting = [await wireTo(at.to), await wireTo(at.to)];
    await turns(20);
    storage.run('a request', () => gate.resume());
    for (const wire of waiting) await wire.until(/hello/);
    expect(seen).toEqual([undefined, undefined]);
  });

  it('survives a client that goes during the pause', async () => {
    const at = bound();
    const { gate } = await openGate([at]);
    gate.pause();
    const wire = await wireTo(at.to);
    wire.write('goodbye');
    await turns(5);
    wire.socket.destroy();
    await turns(20);
    gate.resume();
    await (await wireTo(at.to)).until(/hello/);
  });

  it('can be paused and resumed over and over', async () => {
    const at = bound();
    const { gate } = await openGate([at]);
    for (let round = 0; round < 200; round++) {
      gate.pause();
      gate.resume();
    }
    await (await wireTo(at.to)).until(/hello/);
  });

  it('takes a second pause, and a resume without one, for nothing', async () => {
    const at = bound();
    const { gate } = await openGate([at]);
    gate.resume();
    gate.pause();
    gate.pause();
    gate.resume();
    await (await wireTo(at.to)).until(/hello/);
  });

  it('accepts nobody once it is closed, and leaves the others alone', async () => {
    const at = bound();
    const { gate, fed } = await openGate([at]);
    const wire = await wireTo(at.to);
    await wire.until(/hello/);
    gate.close();
    await turns(5);
    expect(await refused(at.to)).toBe('ECONNREFUSED');
    wire.write('still here');
    await fed[0]?.until(/still here/);
  });

  it('stays closed whatever it is told then', async () => {
    const at = bound();
    const { gate } = await openGate([at]);
    gate.close();
    gate.pause();
    gate.resume();
    gate.close();
    await turns(5);
    expect(await refused(at.to)).toBe('ECONNREFUSED');
  });
});

describe.each(kinds.slice(0, 2))('a gate of %s that closes when its queue is empty', (_kind, bound) => {
  it('takes what the kernel has queued', async () => {
    const at = bound();
    const { gate } = await openGate([at]);
    gate.pause();
    const waiting: Wire[] = [];
    for (let i = 0; i < 20; i++) waiting.push(await wireTo(at.to));
    await gate.closeWhenEmpty(1000);
    for (const wire of waiting) await wire.until(/hello/);
    expect(await refused(at.to)).toBe('ECONNREFUSED');
  });

  it('takes it although each connection would pause it', async () => {
    const at = bound();
    const { gate } = await openGate([at], (it) => it.pause());
    const waiting: Wire[] = [];
    for (let i = 0; i < 5; i++) waiting.push(await wireTo(at.to));
    await gate.closeWhenEmpty(1000);
    for (const wire of waiting) await wire.until(/hello/);
  });
});

describe('a pause', () => {
  it('leaves the length of the queue as it was', async () => {
    const at = boundUnix();
    const { gate } = await openGate([at], undefined, 3);
    for (let round = 0; round < 3; round++) {
      gate.pause();
      await turns(2);
      gate.resume();
      await turns(2);
    }
    gate.pause();
    const came = await Promise.all(Array.from({ length: 10 }, () => refused(at.to)));
    expect(came.filter((how) => how === 'connected')).toHaveLength(4);
    expect(came.filter((how) => how === 'EAGAIN')).toHaveLength(6);
  });
});

describe('a gate of several sockets', () => {
  it('feeds from each, and pauses all of them', async () => {
    const bounds = [boundTcp(), boundUnix(), boundTcp()];
    const { gate, fed } = await openGate(bounds);
    for (const { to } of bounds) await (await wireTo(to)).until(/hello/);
    gate.pause();
    const waiting: Wire[] = [];
    for (const { to } of bounds) waiting.push(await wireTo(to));
    await turns(20);
    expect(fed).toHaveLength(3);
    gate.resume();
    for (const wire of waiting) await wire.until(/hello/);
  });

  it('feeds whoever it had held when it closes, although each would pause it', async () => {
    const bounds = [boundUnix(), boundTcp()];
    const { gate } = await openGate(bounds, (it) => it.pause());
    const waiting: Wire[] = [];
    for (let i = 0; i < 3; i++) for (const { to } of bounds) waiting.push(await wireTo(to));
    await turns(20);
    await gate.closeWhenEmpty(1000);
    for (const wire of waiting) await wire.until(/hello/);
    for (const { to } of bounds) expect(await refused(to)).toBe('ECONNREFUSED');
  });

  it('says where it listens, in their order', async () => {
    const bounds = [boundTcp(), boundTcp()];
    const { urls } = await openGate(bounds);
    expect(urls).toEqual(bounds.map(({ to }) => `http://127.0.0.1:${to}`));
  });

  it('claims no path for a Unix socket, whose path Node does not tell', async () => {
    const { urls } = await openGate([boundUnix('fd')]);
    expect(urls).not.toContain('unix:');
  });

  it('names the one that cannot listen', async () => {
    const first = boundTcp();
    const second = boundTcp(first.to as number);
    const gate = createGate(() => {}, systemClock);
    onTestFinished(() => gate.close());
    const failure = await gate.open([first.handed, second.handed], 128).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ListenError);
    expect((failure as ListenError).listener).toBe(second.handed);
    expect((failure as ListenError).cause).toMatchObject({ code: 'EADDRINUSE' });
  });
});

describe('a socket that listens early', () => {
  it.each(kinds)('keeps the clients of %s until the gate opens, with its options', async (_kind, bound) => {
    const { handed, to } = bound();
    const doors = new EarlyDoors(128);
    doors.begin(handed);
    doors.begin(handed);
    const client = await wireTo(to);
    await turns(20);
    const made: Socket[] = [];
    const gate = createGate((socket) => void made.push(socket.end('hello')), systemClock, {
      pauseOnConnect: true,
    });
    onTestFinished(() => gate.close());
    const [listener] = doors.forGate([handed]);
    await gate.open(listener ? [listener] : [], 128);
    expect(await client.ended).toBe('hello');
    expect(made).toHaveLength(1);
    gate.pause();
    await wireTo(to);
    await turns(20);
    expect(made).toHaveLength(1);
    gate.resume();
    await expect.poll(() => made.length).toBe(2);
  });

  it('is handed on to a server, with the clients that wait', async () => {
    const { handed, to } = boundTcp();
    const doors = new EarlyDoors(128);
    doors.begin(handed);
    const client = await wireTo(to);
    const server = net.createServer((socket) => void socket.end('hello')).listen(doors.handOn(handed.fd));
    onTestFinished(() => void server.close());
    expect(await client.ended).toBe('hello');
    expect(doors.forGate([handed])).toEqual([handed]);
  });

  it('that cannot listen is told by the gate', async () => {
    const first = boundTcp();
    const second = boundTcp(first.to as number);
    const doors = new EarlyDoors(128);
    for (const { handed } of [first, second]) doors.begin(handed);
    const gate = createGate(() => {}, systemClock);
    const failure = await gate.open(doors.forGate([second.handed]), 128).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ListenError);
    expect((failure as ListenError).cause).toMatchObject({ code: 'EADDRINUSE' });
    for (const { handed } of [first, second]) doors.close(handed.fd);
    expect(await refused(first.to)).toBe('ECONNREFUSED');
  });
});

describe('a client that goes while it is held', () => {
  it.each([
    ['resets', (socket: Socket) => void socket.resetAndDestroy()],
    ['ends', (socket: Socket) => void socket.end()],
  ])('harms nobody when it %s, and is not fed afterwards', async (_how, go) => {
    const at = boundTcp();
    const { gate, fed } = await openGate([at]);
    const closing = gate.closeWhenEmpty(1000);
    const gone = await wireTo(at.to);
    go(gone.socket);
    const stays = await wireTo(at.to);
    await closing;
    expect(fed.length).toBe(1);
    await stays.until(/hello/);
  });
});
