import { EventEmitter } from 'node:events';
import {
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FSWatcher, watch } from 'chokidar';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { globOf } from '../../../src/watch/globs.ts';
import { Watcher, type WatcherOptions } from '../../../src/watch/watcher.ts';

function temporary(): string {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'tsunicorn-')));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

function watcherWith(options: Partial<WatcherOptions> = {}) {
  const changed: string[] = [];
  const warnings: string[] = [];
  let isReady = false;
  const watcher = new Watcher({
    changed: (file) => changed.push(file),
    warn: (message) => warnings.push(message),
    load: async () => (paths, how) =>
      watch(paths, how).on('ready', () => {
        isReady = true;
      }),
    ...options,
  });
  onTestFinished(() => watcher.close());
  const ready = () => vi.waitFor(() => expect(isReady).toBe(true), { interval: 5 });
  /** Resolves once the file was told to have changed. */
  const told = async (file: string) => {
    await vi.waitFor(() => expect(changed).toContain(file), { interval: 5, timeout: 5000 });
    changed.length = 0;
  };
  return { watcher, changed, warnings, ready, told };
}

const LATER = Number.MAX_SAFE_INTEGER;

describe('the watcher', () => {
  it('sees a file that is written, replaced by a rename, removed and made again', async () => {
    const file = join(temporary(), 'a.ts');
    writeFileSync(file, '1');
    const { watcher, told, ready } = watcherWith();
    watcher.watch({ files: new Map([[file, LATER]]), globs: [] });
    await ready();
    writeFileSync(file, '2');
    await told(file);
    for (const round of [1, 2]) {
      writeFileSync(`${file}~`, `renamed ${round}`);
      renameSync(`${file}~`, file);
      await told(file);
    }
    rmSync(file);
    await told(file);
    writeFileSync(file, '3');
    await told(file);
  });

  it('tells nothing of a file that is as it was loaded, but of one that is younger', async () => {
    const directory = temporary();
    const [old, young] = [join(directory, 'old.ts'), join(directory, 'young.ts')];
    writeFileSync(old, '1');
    writeFileSync(young, '1');
    const { watcher, changed, ready } = watcherWith();
    const files = new Map([
      [old, LATER],
      [young, Date.now() - 10_000],
    ]);
    watcher.watch({ files, globs: [] });
    await ready();
    expect(changed).toEqual([young]);
  });

  it('sees a missing file appear, its directory too', async () => {
    const directory = temporary();
    const file = join(directory, 'lib/deep/a.ts');
    const { watcher, told, ready } = watcherWith();
    watcher.watch({ files: new Map([[file, 0]]), globs: [] });
    await ready();
    mkdirSync(join(directory, 'lib/deep'), { recursive: true });
    writeFileSync(file, '1');
    await told(file);
  });

  it('sees what matches a glob, new files too, and nothing else', async () => {
    const directory = temporary();
    mkdirSync(join(directory, 'views/deep'), { recursive: true });
    writeFileSync(join(directory, 'views/a.html'), '1');
    writeFileSync(join(directory, 'views/a.txt'), '1');
    const { watcher, changed, told, ready } = watcherWith();
    watcher.watch({ files: new Map(), globs: [globOf('views/**/*.html', directory)] });
    await ready();
    expect(changed).toEqual([]);
    writeFileSync(join(directory, 'views/a.txt'), '2');
    writeFileSync(join(directory, 'views/a.html'), '2');
    await told(join(directory, 'views/a.html'));
    writeFileSync(join(directory, 'views/deep/new.html'), '1');
    await told(join(directory, 'views/deep/new.html'));
    expect(changed).not.toContain(join(directory, 'views/a.txt'));
  });

  it('sees a file that was written between the look at it and the watch on it', async () => {
    const file = join(temporary(), 'a.ts');
    writeFileSync(file, '1');
    const { watcher, changed, told } = watcherWith({
      load:
        async () =>
        (...args) => {
          const real = watch(...args);
          // As chokidar reports a file: by what it was before it was watched.
          const { emit } = real;
          real.emit = ((event: string, name: string, path: string, stats: Stats) => {
            const isFirst = event === 'all' && name === 'add' && path === file;
            if (isFirst) stats.mtimeMs -= 1000;
            return Reflect.apply(emit, real, [event, name, path, stats]);
          }) as typeof emit;
          return real;
        },
    });
    watcher.watch({ files: new Map([[file, statSync(file).mtimeMs - 500]]), globs: [] });
    await told(file);
    expect(changed).toEqual([]);
  });

  it('polls, with one warning, where the system has no watches left', async () => {
    const opened: { emitter: EventEmitter; backend: unknown; added: string[] }[] = [];
    const { watcher, warnings } = watcherWith({
      load:
        async () =>
        (_paths, { backend } = {}) => {
          const emitter = new EventEmitter();
          const added: string[] = [];
          opened.push({ emitter, backend, added });
          return Object.assign(emitter, {
            add: (paths: string[]) => void added.push(...paths),
            unwatch: () => {},
            close: async () => {},
          }) as unknown as FSWatcher;
        },
    });
    const full = Object.assign(new Error('System limit reached'), { code: 'ENOSPC' });
    watcher.watch({ files: new Map([['/a.ts', LATER]]), globs: [] });
    await vi.waitFor(() => expect(opened).toHaveLength(1));
    opened[0]?.emitter.emit('error', full);
    opened[0]?.emitter.emit('error', full);
    expect(opened.map(({ backend, added }) => ({ backend, added }))).toEqual([
      { backend: 'auto', added: ['/a.ts'] },
      { backend: 'polling', added: ['/a.ts'] },
    ]);
    expect(warnings).toEqual([expect.stringMatching(/polled.*max_user_watches/)]);
  });
});
