import { describe, expect, it } from 'vitest';
import { type SideSocket, SideSockets } from '../../../src/arbiter/side-sockets.ts';

const worker = (age: number) => ({ age, generation: 1 });

/** One on port 9100, which nobody really has. */
function side(place = 'port 9100'): SideSocket {
  return { place, url: 'http://0.0.0.0:9100', fd: 99, socket: {} as SideSocket['socket'], close: () => {} };
}

describe('a worker that finds the address of a side socket taken', () => {
  it('is told to ask again as long as another one may have bound it', () => {
    const sides = new SideSockets([], 1);
    expect(sides.wanted(worker(1), 'port 9100', 9100, [2, 3])).toMatchObject({ answer: 'later' });
    sides.bound(worker(2), side());
    expect(sides.wanted(worker(1), 'port 9100', 9100, [2, 3])).toMatchObject({
      answer: 'given',
      url: 'http://0.0.0.0:9100',
    });
  });

  it('is told at once that nobody has it where all others look for it, too', () => {
    const sides = new SideSockets([], 1);
    expect(sides.wanted(worker(1), 'port 9100', 9100, [2])).toMatchObject({ answer: 'later' });
    expect(sides.wanted(worker(2), 'port 9100 of ::1', 9100, [1])).toMatchObject({ answer: 'none' });
    expect(sides.wanted(worker(1), 'port 9100', 9100, [2])).toMatchObject({ answer: 'none' });
    expect(sides.wanted(worker(1), '/run/a.sock', null, [2])).toMatchObject({ answer: 'later' });
  });

  it('waits for one that has bound it after all, or for the successor of one that has ended', () => {
    const sides = new SideSockets([], 1);
    for (const age of [1, 2]) sides.wanted(worker(age), 'port 9100', 9100, []);
    sides.bound(worker(2), side());
    sides.released(worker(2), 'port 9100');
    sides.ended(2);
    sides.sweep(2, () => false);
    expect(sides.wanted(worker(1), 'port 9100', 9100, [2])).toMatchObject({ answer: 'later' });
  });
});

it('a side socket that the new application has closed is not kept once the old workers have ended', () => {
  const sides = new SideSockets([], 1);
  sides.bound({ age: 1, generation: 1 }, side());
  sides.took({ age: 2, generation: 2 }, 'port 9100');
  sides.released({ age: 2, generation: 2 }, 'port 9100');
  sides.sweep(2, () => false);
  expect(sides.open).toHaveLength(1);
  sides.ended(1);
  sides.sweep(2, () => false);
  expect(sides.open).toEqual([]);
});

it('a side socket is not kept that a younger worker of the generation has closed, once those that use it have ended', () => {
  const sides = new SideSockets([], 1);
  sides.bound(worker(1), side());
  sides.took(worker(2), 'port 9100');
  sides.released(worker(2), 'port 9100');
  sides.sweep(1, () => false);
  expect(sides.open).toHaveLength(1);
  sides.ended(1);
  sides.sweep(1, () => false);
  expect(sides.open).toEqual([]);
});
