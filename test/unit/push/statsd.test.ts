import { expect, it, onTestFinished, vi } from 'vitest';
import { FIGURES } from '../../../src/metrics/layout.ts';
import type { Picture } from '../../../src/push/picture.ts';
import { Statsd } from '../../../src/push/statsd.ts';

const totals = {
  figures: new Float64Array(FIGURES),
  series: new Map(),
  exemplars: new Map(),
  workers: [],
  ended: new Map(),
};
const picture = { totals, status: { workers: { all: 3, ready: 2 } } } as unknown as Picture;

it('a socket that cannot be bound loses its packets, and the next ones go by another', async () => {
  const dgram = process.getBuiltinModule('node:dgram');
  const { createSocket } = dgram;
  const spy = vi.spyOn(dgram, 'createSocket').mockImplementationOnce(() =>
    createSocket({
      type: 'udp4',
      lookup: (_host, _options, done) => done(new Error('no address'), '', 4),
    }),
  );
  onTestFinished(() => spy.mockRestore());
  const receiver = createSocket('udp4');
  await new Promise<void>((bound) => receiver.bind(0, '127.0.0.1', bound));
  onTestFinished(() => void receiver.close());
  const received = new Promise<string>((resolve) => receiver.once('message', (text) => resolve(`${text}`)));
  const statsd = new Statsd(`127.0.0.1:${receiver.address().port}`, () => ({ prefix: '', tags: '' }));
  onTestFinished(() => statsd.close());
  statsd.begin(picture);
  expect(await statsd.push(picture)).toBe(1);
  expect(await statsd.push(picture)).toBe(0);
  expect(await received).toContain('gunicorn.workers:3|g');
});
