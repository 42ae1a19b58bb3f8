import { closeSync, mkdtempSync, openSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CAPACITY } from '../../../../src/log/ring/layout.ts';
import { BEGINNING, readRing } from '../../../../src/log/ring/reader.ts';
import { RingLog } from '../../../../src/log/ring/ring-log.ts';
import { WorkerRings } from '../../../../src/log/ring/worker-rings.ts';
import { RingWriter } from '../../../../src/log/ring/writer.ts';

let fd = 0;
beforeEach(() => {
  fd = openSync(join(mkdtempSync(join(tmpdir(), 'ring-')), 'ring'), 'wx+');
});
afterEach(() => closeSync(fd));

describe('a ring', () => {
  it('is read from where one has got to', () => {
    const writer = new RingWriter(fd);
    expect(readRing(fd, BEGINNING)).toEqual({ lines: [], lost: 0, cursor: BEGINNING });
    writer.write(['one', 'zwö']);
    const first = readRing(fd, BEGINNING);
    expect(first).toMatchObject({ lines: ['one', 'zwö'], lost: 0 });
    writer.write(['three']);
    expect(readRing(fd, first.cursor)).toMatchObject({ lines: ['three'], lost: 0 });
  });

  it('says how many lines were overwritten before they were read, or left out', () => {
    const writer = new RingWriter(fd);
    const lines = Array.from({ length: 3000 }, (_, index) => `${index} ${'x'.repeat(index % 300)}`);
    for (const line of lines) writer.write([line]);
    const read = readRing(fd, BEGINNING);
    expect(read.lines).toEqual(lines.slice(-read.lines.length));
    expect(read.lost).toBe(lines.length - read.lines.length);
    expect(read.lines.join('\n').length).toBeGreaterThan(CAPACITY - 400);
    writer.lose(7);
    writer.write(['x'.repeat(CAPACITY + 1)]);
    expect(readRing(fd, read.cursor)).toMatchObject({ lines: [], lost: 8 });
  });

  it('does not show what is overwritten at this moment', () => {
    const writer = new RingWriter(fd);
    for (let count = 0; count < 1000; count++) writer.write([`${count} ${'x'.repeat(CAPACITY / 1000)}`]);
    const before = readRing(fd, BEGINNING);
    // As a writer that has been stopped behind its announcement.
    const begun = Buffer.alloc(8);
    begun.writeDoubleLE(before.cursor.end + 10_000, 0);
    writeSync(fd, begun, 0, 8, 0);
    const during = readRing(fd, BEGINNING);
    expect(during.lines.length).toBeLessThan(before.lines.length);
    expect(during.lines).toEqual(before.lines.slice(-during.lines.length));
  });

  it('that the worker has filled with something else harms nobody', () => {
    writeSync(fd, Buffer.alloc(1000, 0xff), 0, 1000, 0);
    expect(readRing(fd, BEGINNING)).toMatchObject({ lines: [], lost: 0 });
    const huge = Buffer.alloc(24);
    huge.writeDoubleLE(Number.MAX_SAFE_INTEGER, 8);
    writeSync(fd, huge, 0, 24, 0);
    expect(readRing(fd, BEGINNING).lines).toEqual([]);
  });
});

describe('what a worker logs', () => {
  it('is in its ring by the level of the log, or what somebody follows', () => {
    const log = new RingLog(new RingWriter(fd), 'warning');
    log.record('info', 'small', undefined);
    log.record('error', 'big', { event: 'application-failed', err: new Error('cause') });
    log.follow({ level: 'debug', access: false });
    log.record('debug', 'followed', undefined);
    log.follow(null);
    log.record('debug', 'not any more', undefined);
    log.setLevel('debug');
    log.record('debug', 'x'.repeat(9000), undefined);
    const records = readRing(fd, BEGINNING).lines.map((line) => JSON.parse(line));
    expect(records).toMatchObject([
      { level: 'error', message: 'big', event: 'application-failed' },
      { level: 'debug', message: 'followed' },
      { level: 'debug', message: `${'x'.repeat(4096)}…` },
    ]);
    expect(records[0].stack).toMatch(/^Error: cause\n/);
  });

  it('has lines of the access log together, and counts those that are too many', async () => {
    vi.useFakeTimers();
    const log = new RingLog(new RingWriter(fd), 'info');
    for (let count = 0; count < 550; count++) log.line(`${count}\n`);
    await vi.advanceTimersByTimeAsync(100);
    vi.useRealTimers();
    const { lines, lost } = readRing(fd, BEGINNING);
    expect(lines).toHaveLength(500);
    expect(lines[0]).toBe('{"access":"0"}');
    expect(lost).toBe(50);
  });
});

describe('the rings of an old arbiter', () => {
  it('are read on by the new one, also those of workers that have ended, and kept when it is gone', () => {
    const old = new WorkerRings();
    const [living, ended] = [old.begin({ pid: 7, slot: 0 }), old.begin({ pid: 8, slot: null })];
    new RingWriter(ended?.fd ?? -1).write(['last words']);
    ended?.ended();
    const writer = new RingWriter(living?.fd ?? -1);
    writer.write(['first']);
    const { rings, close } = old.handOver();
    // As another process has them.
    const young = new WorkerRings(
      rings.map(({ fd: open, ...owner }) => ({ ...owner, fd: openSync(`/proc/self/fd/${open}`, 'r') })),
    );
    close();
    writer.write(['second']);
    const all = [
      [7, ['first', 'second']],
      [8, ['last words']],
    ];
    expect(young.all.map((ring) => [ring.owner.pid, ring.read(BEGINNING).lines])).toEqual(all);
    living?.ended();
    young.othersGone();
    young.othersGone();
    expect(young.all.map((ring) => [ring.owner.pid, ring.read(BEGINNING).lines])).toEqual(all);
  });
});

describe('the ring of a worker that has ended', () => {
  it('is read on, and what it said last can be read for a while', () => {
    const rings = new WorkerRings();
    const owned = rings.begin({ pid: 7, slot: 0 });
    const writer = new RingWriter(owned?.fd ?? -1);
    writer.write(['first']);
    const [ring] = rings.all;
    const read = ring?.read(BEGINNING);
    writer.write(['last words']);
    owned?.ended();
    expect(ring?.read(read?.cursor ?? BEGINNING)).toMatchObject({ lines: ['last words'], lost: 0 });
    expect(ring?.read(BEGINNING)).toMatchObject({ lines: ['first', 'last words'], lost: 0 });
    // One that has said nothing takes no place.
    for (let pid = 0; pid < 20; pid++) rings.begin({ pid, slot: 0 })?.ended();
    expect(rings.all).toEqual([ring]);
    for (let pid = 0; pid < 20; pid++) {
      const other = rings.begin({ pid, slot: 0 });
      new RingWriter(other?.fd ?? -1).write(['one']);
      other?.ended();
    }
    expect(rings.all).not.toContain(ring);
    expect(rings.all).toHaveLength(16);
  });
});
