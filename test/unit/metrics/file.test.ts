import fs from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { describeFile, emptyBase, makeFile, readFile, writeBase } from '../../../src/metrics/file.ts';

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
