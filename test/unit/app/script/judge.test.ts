import { describe, expect, it } from 'vitest';
import { bestOf, type Decided, judgeListen } from '../../../../src/app/script/judge.ts';
import type { ListenCall } from '../../../../src/app/script/listen-call.ts';

const on = (port: number, host: string | null = null, exclusive = false): ListenCall => ({
  kind: 'port',
  port,
  host,
  exclusive,
});
const nothing = (...candidates: ListenCall[]): Decided => ({ name: 'nothing', candidates });
const serving = (call: ListenCall, by: 'named' | 'only' = 'named'): Decided => ({
  ...{ name: 'server', call, by },
  isClosed: false,
});
const closed = (call: ListenCall): Decided => ({ name: 'server', call, by: 'named', isClosed: true });
const at = { ports: [8000], listenPort: null };

describe('a listen of an HTTP server', () => {
  it.each<[string, ListenCall, Decided, string]>([
    ['on PORT is served at once', on(8000), nothing(), 'served'],
    ['on PORT is served although another may have been', on(8000), nothing(on(3000)), 'served'],
    ['on another port may be served', on(3000), nothing(), 'candidate'],
    ['on a second port may be served too', on(3001), nothing(on(3000)), 'candidate'],
    ['on any port may be served', on(0), nothing(on(0)), 'candidate'],
    ['on a path may be served', { kind: 'path', path: '/a' }, nothing(), 'candidate'],
    ['on a descriptor really listens', { kind: 'handle' }, nothing(), 'beside'],
    [
      'on the same port of another host is covered',
      on(3000, '::1'),
      nothing(on(3000, '127.0.0.1')),
      'covered',
    ],
    [
      'on the port that is served, of another host, is covered',
      on(8000, '::1'),
      serving(on(8000)),
      'covered',
    ],
    ['on the very address of another server fails', on(8000), serving(on(8000)), 'taken'],
    ['on the very address of one that has closed is served next', on(8000), closed(on(8000)), 'next'],
    ['on PORT is served next where another has closed', on(8000), closed(on(3000)), 'next'],
    [
      'on the port of one that has closed, of another host, is served next',
      on(3000, '::1'),
      closed(on(3000)),
      'next',
    ],
    ['on any port is served next where one of any port has closed', on(0), closed(on(0)), 'next'],
    ['on another port than one that has closed listens beside', on(9100), closed(on(3000)), 'beside'],
    ['on PORT is served next where the only one was taken', on(8000), serving(on(3000), 'only'), 'next'],
    ['on another port than the only one listens beside', on(9100), serving(on(3000), 'only'), 'beside'],
    ['on another port than is served listens beside', on(9100), serving(on(8000)), 'beside'],
    ['on PORT is covered where an export is served', on(8000), { name: 'export' }, 'covered'],
    ['on another port listens beside an export', on(9100), { name: 'export' }, 'beside'],
  ])('%s', (_title, call, decided, verdict) => {
    expect(judgeListen(call, decided, at)).toBe(verdict);
  });

  it('is judged by --listen-port alone, where it is given', () => {
    const named = { ports: [8000], listenPort: 3000 };
    expect(judgeListen(on(3000), nothing(), named)).toBe('served');
    expect(judgeListen(on(8000), nothing(), named)).toBe('beside');
  });
});

it('a candidate with a fixed address goes before those that each process has of its own', () => {
  const calls = [on(0), on(3000), on(9100, null, true)].map((call) => ({ call }));
  expect(bestOf(calls)).toEqual([{ call: on(3000) }]);
  expect(bestOf(calls.slice(0, 1))).toEqual([{ call: on(0) }]);
});
