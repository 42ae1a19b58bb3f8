import type { Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { FAULTS, type Fault } from '../../../../src/http/edge/fault.ts';
import { admitBy, type ReadPreamble } from '../../../../src/http/edge/preamble.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { turns } from '../../../support/wire.ts';

/** One line stands before what follows. */
const readLine: ReadPreamble = (bytes) => {
  const end = bytes.indexOf('\n') + 1;
  return end === 0 ? { kind: 'more', least: bytes.length + 1 } : { kind: 'go', rest: bytes.subarray(end) };
};

function admitting() {
  const clock = new FakeClock();
  const refused: Fault[] = [];
  const passed: number[] = [];
  const admit = admitBy({
    ...{ readerOf: () => readLine, slow: FAULTS.slowStart, limitMs: 2000, clock },
    passed: (_socket, bytes) => void passed.push(bytes),
    refuse: (_socket, fault) => void refused.push(fault),
  });
  return { admit, clock, refused, passed };
}

/** A connection that was read when it was accepted. */
async function socketWith(text: string): Promise<Socket> {
  const stream = new PassThrough();
  stream.write(text);
  await turns(1);
  return stream as unknown as Socket;
}

it('a preamble whose first bytes have come with its connection has a time limit, too', async () => {
  const { admit, clock, refused } = admitting();
  admit(await socketWith('PROXY TC'), () => expect.unreachable());
  await clock.advance(3000);
  await expect.poll(() => refused.length).toBe(1);
  expect(refused).toEqual([FAULTS.slowStart]);
});

it('no timer is set for one that has come whole, whose bytes are told', async () => {
  const { admit, clock, passed } = admitting();
  const socket = await socketWith('a line\nGET');
  await new Promise<void>((entered) => admit(socket, entered));
  expect([passed, String(socket.read()), clock.timerCount]).toEqual([[7], 'GET', 0]);
});
