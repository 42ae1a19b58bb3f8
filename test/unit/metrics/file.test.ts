import fs from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { describeFile, emptyBase, readFile, writeBase } from '../../../src/metrics/file.ts';
import { BASE_BYTES, BLOCK_BYTES, makeFile } from '../../../src/metrics/place.ts';
import { BASE_SERIES, blockLength, WORKER_SERIES } from '../../../src/metrics/series.ts';

it('a block has more room in the file than it takes', () => {
  expect(blockLength(BASE_SERIES) * Float64Array.BYTES_PER_ELEMENT).toBeLessThanOrEqual(BASE_BYTES);
  expect(blockLength(WORKER_SERIES) * Float64Array.BYTES_PER_ELEMENT).toBeLessThanOrEqual(BLOCK_BYTES);
});

describe.runIf(process.platform === 'linux')('a file of counters', () => {
  it('is read within bounds, however far a worker has extended it', () => {
    const fd = makeFile();
    onTestFinished(() => fs.closeSync(fd));
    describeFile(fd);
    writeBase(fd, emptyBase());
    // Sparse: it takes no memory.
    fs.ftruncateSync(fd, 2 ** 40);
    expect(readFile(fd)?.workers).toEqual([]);
  });
});
