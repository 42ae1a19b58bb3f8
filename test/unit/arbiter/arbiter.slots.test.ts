import { describe, expect, it } from 'vitest';
import {
  addressesOf,
  countAfter,
  type Generation,
  listenersIn,
} from '../../../src/arbiter/change/generation.ts';
import { fakeListener, loadedWith, serveReady } from '../../support/fake-service.ts';

const IN_SLOTS = { bind: ['unix:/run/{slot}'], workers: 2 };

describe('sockets of slots', () => {
  it('are as many as the settings want workers', () => {
    expect(addressesOf(loadedWith(IN_SLOTS)).map(({ slot }) => slot)).toEqual([0, 1]);
  });

  it.each([
    [{ spareWorkers: 1 }, /leave --spare-workers away, or \{slot\}$/],
    [{ workersMin: 1, workersMax: 3 }, /leave --workers-min and --workers-max away, or \{slot\}$/],
  ])('are refused with %j', (others, why) => {
    expect(() => addressesOf(loadedWith({ ...IN_SLOTS, ...others }))).toThrow(why);
  });

  it('are given to the worker of that slot, beside those of all', () => {
    const shared = fakeListener(':9000');
    const own = [0, 1].map((slot) => {
      const listener = fakeListener(`unix:/run/${slot}`);
      return { ...listener, address: { ...listener.address, slot } };
    });
    const generation: Generation = {
      ...{ number: 1, loaded: loadedWith(IN_SLOTS), hooks: {} },
      listeners: [shared, ...own],
    };
    expect(listenersIn(generation, 1)).toEqual([shared, own[1]]);
    expect(listenersIn(generation, null)).toEqual([shared]);
  });

  it('make the number of workers that of the settings, whatever TTIN has made of it before', () => {
    const generation: Generation = {
      ...{ number: 2, loaded: loadedWith(IN_SLOTS), hooks: {}, listeners: [] },
    };
    expect(countAfter({ count: 5, setting: 2, followsLoad: false }, generation)).toBe(2);
  });

  it.each(['SIGTTIN', 'SIGTTOU'] as const)('let %s change nothing', async (signal) => {
    const service = await serveReady({ settings: { bind: ['unix:/run/{slot}'] } });
    await service.signal(signal);
    expect(service.states).toEqual(['1 ready', '2 ready']);
    expect(service.log.at('warning')).toEqual([
      'The number of workers stays 2: each slot has a socket of its own ({slot} in --bind); change --workers and send HUP',
    ]);
  });
});
