import net from 'node:net';
import { expect, it } from 'vitest';
import { AskedAddress } from '../../../../src/app/script/asked-address.ts';
import type { HandedListener } from '../../../../src/process/ipc/boot-spec.ts';
import type { ListenMessage } from '../../../../src/process/ipc/listening.ts';
import { EarlyDoors } from '../../../../workers/accept/early-doors.ts';

function askedBy(...handed: readonly HandedListener[]) {
  const told: ListenMessage[] = [];
  const queue = new EarlyDoors(128);
  const asked = new AskedAddress({ handed, queue, text: 'server.js', tell: (message) => told.push(message) });
  return { asked, told, queue };
}

it('a worker that shows an error does so where the generation before was served', async () => {
  const handed: HandedListener = {
    ...{ fd: 4, kind: 'tcp', source: 'port 3000', url: 'http://127.0.0.1:3000', place: 'port 3000' },
  };
  const { asked, told } = askedBy(handed);
  await asked.useAny('127.0.0.1:0');
  expect(asked.listeners).toEqual([handed]);
  expect(told).toEqual([{ tsunicorn: 'took', place: 'port 3000', role: 'main' }]);
});

it('and at the address in the settings where there was none', async () => {
  const { asked, told, queue } = askedBy();
  await asked.useAny('127.0.0.1:0');
  const [listener] = asked.listeners;
  expect(told).toEqual([expect.objectContaining({ tsunicorn: 'bound', url: listener?.url, role: 'main' })]);
  queue.close(listener?.fd ?? -1);
});

it('an address that is dropped is free, although its clients were queued', async () => {
  const { asked } = askedBy();
  const claim = asked.claim({ kind: 'port', port: 0, host: '127.0.0.1', exclusive: false });
  claim.queue();
  const client = net.connect(claim.address.port, '127.0.0.1').on('error', () => {});
  await new Promise((connected) => client.on('connect', connected));
  claim.drop();
  await new Promise((closed) => client.on('close', closed));
  const again = net.createServer().listen(claim.address.port, '127.0.0.1');
  await new Promise((listening) => again.on('listening', listening));
  again.close();
});
