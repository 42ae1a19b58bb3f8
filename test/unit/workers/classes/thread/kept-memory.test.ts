import { expect, it } from 'vitest';
import { KeptMemory } from '../../../../../workers/classes/thread/kept-memory.ts';

it('counts a buffer once, however many answers send it, and texts each time', () => {
  const memory = new KeptMemory(100);
  const shared = new Uint8Array(60);
  const first = memory.take([shared.subarray(0, 10)], 0);
  const second = memory.take([shared.subarray(20), shared], 30);
  expect(first).not.toBeNull();
  expect(second).not.toBeNull();
  expect(memory.take(['a'.repeat(11)], 0)).toBeNull();
  second?.();
  expect(memory.take([new Uint8Array(41)], 0)).toBeNull();
  first?.();
  expect(memory.take([new Uint8Array(60)], 40)).not.toBeNull();
});

it('takes nothing where there is no room for all', () => {
  const memory = new KeptMemory(10);
  expect(memory.take([new Uint8Array(5), new Uint8Array(6)], 0)).toBeNull();
  expect(memory.take([new Uint8Array(10)], 0)).not.toBeNull();
});

it('gives back what it took for a buffer that the application has taken away meanwhile', () => {
  const memory = new KeptMemory(100);
  const buffer = new Uint8Array(100);
  const release = memory.take([buffer], 0);
  structuredClone(buffer, { transfer: [buffer.buffer] });
  release?.();
  expect(memory.take([new Uint8Array(100)], 0)).not.toBeNull();
});
