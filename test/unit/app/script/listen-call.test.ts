import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { parseListen, placeOf } from '../../../../src/app/script/listen-call.ts';

const callOf = (...args: unknown[]) => parseListen(args)?.call;
const port = (number: number, host: string | null = null, exclusive = false) => ({
  kind: 'port',
  port: number,
  host,
  exclusive,
});

describe('the arguments of listen()', () => {
  it.each([
    [[], port(0)],
    [[() => {}], port(0)],
    [[undefined, '::1'], port(0, '::1')],
    [[null], port(0)],
    [[3000], port(3000)],
    [['3000', '127.0.0.1', 10], port(3000, '127.0.0.1')],
    [[3000, 10, () => {}], port(3000)],
    [[{ port: 3000, host: 'localhost', exclusive: true }], port(3000, 'localhost', true)],
    [[{ port: undefined }], port(0)],
    [[{ port: 3000, path: '/ignored' }], port(3000)],
    [['/run/app.sock'], { kind: 'path', path: '/run/app.sock' }],
    [[{ path: '/run/app.sock' }, () => {}], { kind: 'path', path: '/run/app.sock' }],
    [[{ fd: 3 }], { kind: 'handle' }],
  ])('%j are read as node:net reads them', (args, call) => {
    expect(callOf(...args)).toEqual(call);
  });

  it('may be another server that listens', async () => {
    const server = createServer().listen(0);
    expect(callOf(server)).toEqual({ kind: 'handle' });
    await new Promise((closed) => server.close(closed));
  });

  it.each([[65_536], [-1], [{}], [true], [{ port: 'x' }], [{ port: 1, signal: 1 }]])(
    '%j are left to node:net, which throws',
    (first) => {
      expect(parseListen([first])).toBeNull();
    },
  );

  it('have a callback and a signal', () => {
    const callback = () => {};
    const { signal } = new AbortController();
    expect(parseListen([{ port: 1, signal }, callback])).toMatchObject({ callback, signal });
  });
});

it('a listen is named by its place', () => {
  const names = [[3000], [3000, '::1'], [0], ['/run/a']].map((args) => {
    const call = callOf(...args);
    return call && placeOf(call);
  });
  expect(names).toEqual(['port 3000', 'port 3000 of ::1', 'any port', '/run/a']);
});
