import { describe, expect, it } from 'vitest';
import { type HeapInput, sizeWorkerHeap } from '../../../../src/arbiter/workers/heap.ts';
import type { Settings } from '../../../../src/settings/catalogue/catalogue.ts';
import { loadedWith } from '../../../support/fake-service.ts';

const MIB = 1024 ** 2;

/** In a container of 2 GiB and 96 MiB with two processors. */
function heap(changed: Partial<Settings>, question: Partial<HeapInput> = {}) {
  const { settings } = loadedWith({ workerHeap: 'auto', ...changed });
  return sizeWorkerHeap({
    settings,
    availableBytes: 2144 * MIB,
    processors: 2,
    nodeOptions: '',
    ...question,
  });
}

describe('the heap of a worker', () => {
  it.each([
    [1, 1536],
    [4, 384],
  ])('is three quarters of the even part of %i workers', (workers, megabytes) => {
    expect(heap({ workers })).toEqual({
      megabytes,
      why: `at most ${megabytes}M (--worker-heap auto, of 2144M)`,
    });
  });

  it.each([
    [256, 1, 88],
    [512, 2, 124],
    [2144, 6, 223],
  ])('leaves what a process needs beside it: in %i MiB for %i workers', (megabytes, workers, expected) => {
    expect(heap({ workers }, { availableBytes: megabytes * MIB }).megabytes).toBe(expected);
  });

  it('is the same however many workers there are at present, where their number follows the load', () => {
    expect(heap({ workers: 1, workersMin: 1, workersMax: 4 }).megabytes).toBe(384);
  });

  it('is not less than an application needs to load', () => {
    expect(heap({ workers: 64 })).toEqual({
      megabytes: 64,
      why: 'at most 64M, the least that makes sense, although 2144M have less for each of so many',
    });
    expect(heap({}, { availableBytes: 50 * MIB }).megabytes).toBe(64);
  });

  it('is the size that is set, whatever NODE_OPTIONS say', () => {
    expect(heap({ workerHeap: 300 * MIB }, { nodeOptions: '--max-old-space-size=100' })).toEqual({
      megabytes: 300,
      why: 'at most 300M (--worker-heap)',
    });
  });

  it.each(['--max-old-space-size=100', '--max_old_space_size 100', '--max-old-space-size-percentage=50'])(
    'is left to %s where it is auto',
    (option) => {
      const nodeOptions = `--enable-source-maps ${option}`;
      expect(heap({}, { nodeOptions })).toMatchObject({
        megabytes: null,
        why: expect.stringMatching(/Node/),
      });
    },
  );

  it('is left to Node where nothing was set', () => {
    expect(heap({ workerHeap: null }).megabytes).toBeNull();
  });

  it('is divided among the threads of class thread', () => {
    expect(heap({ workers: 2, workerClass: 'thread', threads: 3 }).megabytes).toBe(223);
    expect(heap({ workers: 2, workerClass: 'thread' }).megabytes).toBe(384);
    expect(heap({ workers: 2, workerClass: 'async', threads: 3 }).megabytes).toBe(768);
    expect(heap({ workerHeap: 300 * MIB, workerClass: 'thread' }).why).toBe(
      'at most 300M in each thread (--worker-heap)',
    );
  });

  it('is left to --thread-max-memory, which the option would replace', () => {
    const answer = heap({ workerClass: 'thread', threadMaxMemory: 64 * MIB });
    expect(answer).toMatchObject({ megabytes: null, why: expect.stringContaining('--thread-max-memory') });
    expect(heap({ threadMaxMemory: 64 * MIB }).megabytes).toBe(1536);
  });
});
