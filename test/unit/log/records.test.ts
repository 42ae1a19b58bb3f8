import { globSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { renderRecords } from '../../../scripts/docs.ts';
import { aboutWorker } from '../../../src/log/about-worker.ts';
import { recordTables } from '../../../src/log/records.ts';

const root = new URL('../../../', import.meta.url);
const events = Object.values(recordTables).flatMap((table) => Object.keys(table));

describe('the table of records', () => {
  test('has each event once, in kebab-case', () => {
    expect(new Set(events).size).toBe(events.length);
    expect(events.filter((event) => !/^[a-z]+(-[a-z]+)*$/.test(event))).toEqual([]);
  });

  test('has the events that the sources log, and no other', () => {
    const sources = globSync('{src,workers}/**/*.ts', { cwd: root }).map((file) =>
      readFileSync(new URL(file, root), 'utf8'),
    );
    const named = sources.flatMap((text) => [...text.matchAll(/\bevent: '([\w-]+)'/g)]);
    // 'error' is Node's.
    const logged = named.map(([, name = '']) => name).filter((name) => name !== 'error');
    expect(logged.filter((event) => !events.includes(event))).toEqual([]);
    expect(events.filter((event) => !logged.includes(event))).toEqual([]);
  });

  test('is what docs/log-records.md says', () => {
    expect(readFileSync(new URL('docs/log-records.md', root), 'utf8')).toBe(renderRecords());
  });
});

describe('a record about a worker', () => {
  const worker = { slot: 1, age: 7, generation: 2 };

  test('has the pid of the worker', () => {
    expect(aboutWorker({ ...worker, pid: 42 })).toEqual({ pid: 42, worker: { ...worker, pid: 42 } });
  });

  test('has the pid of its writer where the worker could not be started', () => {
    expect(aboutWorker({ ...worker, pid: 0 })).toEqual({ worker: { ...worker, pid: null } });
  });
});
