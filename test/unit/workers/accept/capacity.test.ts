import { Socket } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { Connections } from '../../../../src/http/connections.ts';
import { Capacity } from '../../../../workers/accept/capacity.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { FakeLogger } from '../../../support/fake-logger.ts';

/** A worker that takes two connections; `files` is how many may be open. */
function capacityOf(files?: number) {
  const [log, clock, changed] = [new FakeLogger(), new FakeClock(), vi.fn()];
  const connections = new Connections(() => capacity.freed());
  const limits = files === undefined ? {} : { files };
  const capacity = new Capacity({ limit: 2, connections, log, clock, changed, ...limits });
  onTestFinished(() => capacity.close());
  const open = () => {
    const socket = new Socket();
    connections.add(socket);
    capacity.opened(socket);
    return socket;
  };
  const lines = () => log.lines.map(({ level, message }) => `${level} ${message}`);
  return { capacity, clock, changed, open, lines };
}

describe('the capacity of a worker', () => {
  it('is full with as many connections as it may have, which is said when it begins and ends', async () => {
    const { capacity, clock, open, lines } = capacityOf();
    const [first] = [open(), open()];
    expect(capacity.isFull).toBe(true);
    expect(lines()).toHaveLength(1);
    expect(lines()[0]).toMatch(/^warning 2 of 2 connections \(--worker-connections\) are taken/);
    first.emit('close');
    expect(capacity.isFull).toBe(false);
    await clock.advance(5000);
    expect(lines().at(-1)).toMatch(/^info Connections are accepted again, after/);
  });

  it('is one connection where hardly a file more can be opened', async () => {
    const { capacity, clock, changed, lines } = capacityOf(1);
    expect(capacity.isFull).toBe(false);
    await clock.advance(1000);
    expect(lines()[0]).toMatch(/^warning The limit of open files is almost reached \(1\)/);
    expect(capacity.isFull).toBe(false);
    expect(changed).toHaveBeenCalled();
  });

  it('leaves no timer, and says nothing more, once nothing is accepted any more', async () => {
    const { capacity, clock, open, lines } = capacityOf();
    open();
    open();
    capacity.close();
    await clock.advance(10_000);
    expect(lines()).toHaveLength(1);
    expect(clock.timerCount).toBe(0);
  });
});
