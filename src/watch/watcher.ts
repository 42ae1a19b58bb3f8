import type { Stats } from 'node:fs';
import type { ChokidarOptions, FSWatcher } from 'chokidar';
import { fs } from '../support/builtins.ts';
import { codeOf, messageOf } from '../support/errors.ts';
import type { Glob } from './globs.ts';

type Watch = (paths: string[], options: ChokidarOptions) => FSWatcher;

export interface WatcherOptions {
  /** Loads chokidar's watch(), when the first files are to be watched. */
  readonly load: () => Promise<Watch>;
  /** Called with the absolute path of each file that is written, made or removed. */
  readonly changed: (file: string) => void;
  readonly warn: (message: string) => void;
}

/** What is to be watched. */
export interface Watched {
  /**
   * Absolute paths, also of files that do not exist yet, each with the time (Date.now()) for which its content is
   * known: one that is younger when it is first looked at has changed meanwhile.
   */
  readonly files: ReadonlyMap<string, number>;
  readonly globs: readonly Glob[];
}

/** The kernel takes a file's time from its last tick, which was at most so long ago (CONFIG_HZ=100). */
const TICK_MS = 10;

/** The system's limits of inotify: of watches, and of instances or descriptors. */
const LIMITS: Readonly<Record<string, string>> = {
  ENOSPC: 'the limit of file watches is reached (fs.inotify.max_user_watches)',
  EMFILE: 'the limit of file descriptors is reached (ulimit -n, fs.inotify.max_user_instances)',
};

/**
 * Watches files by chokidar, which is loaded with the first of them: 15 ms and 8 MB, where a process for it alone would
 * take 45 MB. Where the system has no watches left, files are polled.
 */
export class Watcher {
  readonly #options: WatcherOptions;
  #watched: Watched = { files: new Map(), globs: [] };
  /** The files and bases that chokidar was given. */
  #given = new Set<string>();
  /** The files that it has reported once, which it does with each that exists when it is given. */
  readonly #seen = new Set<string>();
  #chokidar: Promise<Watch> | null = null;
  #state:
    | { readonly name: 'idle' }
    | { readonly name: 'open'; readonly watcher: FSWatcher; isReady: boolean }
    | { readonly name: 'closed' } = { name: 'idle' };
  #backend: 'auto' | 'polling' = 'auto';

  constructor(options: WatcherOptions) {
    this.#options = options;
  }

  /** Watches these from now on, and nothing else. */
  watch(watched: Watched): void {
    this.#watched = watched;
    this.#chokidar ??= this.#options.load();
    void this.#chokidar.then((watch) => this.#update(watch));
  }

  /** Watches nothing any more. */
  close(): void {
    if (this.#state.name === 'open') void this.#state.watcher.close();
    this.#state = { name: 'closed' };
  }

  #update(watch: Watch): void {
    if (this.#state.name === 'closed') return;
    if (this.#state.name === 'idle') this.#state = this.#open(watch);
    const { watcher } = this.#state;
    const wanted = new Set([...this.#watched.files.keys(), ...this.#watched.globs.map(({ base }) => base)]);
    const gone = [...this.#given].filter((path) => !wanted.has(path));
    const fresh = [...wanted].filter((path) => !this.#given.has(path));
    for (const path of gone) this.#seen.delete(path);
    this.#given = wanted;
    if (gone.length > 0) watcher.unwatch(gone);
    if (fresh.length > 0) watcher.add(fresh);
  }

  #open(watch: Watch) {
    const watcher = watch([], {
      backend: this.#backend,
      ignored: (path, stats) => this.#isIgnored(path, stats),
      // Changes are collected anyway, and this would delay each removal by 100 ms.
      atomic: false,
      alwaysStat: true,
      ignorePermissionErrors: true,
    });
    const state = { name: 'open' as const, watcher, isReady: false };
    watcher.on('all', (event, path, stats) => {
      if (event === 'add') this.#added(path, stats, state.isReady);
      else if ((event === 'change' || event === 'unlink') && this.#isWatched(path))
        this.#options.changed(path);
    });
    watcher.on('ready', () => {
      state.isReady = true;
    });
    watcher.on('error', (error) => {
      // A watcher that was given up reports an error for each of its files.
      if (this.#state === state) this.#failed(error, watch);
    });
    return state;
  }

  #added(path: string, stats: Stats | undefined, isReady: boolean): void {
    const knownMs = this.#watched.files.get(path);
    const isFirst = !this.#seen.has(path);
    this.#seen.add(path);
    // A file that exists at the start has not changed, unless it is younger than what was loaded.
    const hasChanged = knownMs === undefined ? isReady : (stats?.mtimeMs ?? 0) > knownMs - TICK_MS;
    if ((hasChanged || !isFirst) && this.#isWatched(path)) this.#options.changed(path);
    else if (stats?.isFile()) this.#lookAgain(path, stats);
  }

  /** chokidar looks at a file before it watches it: what is written in between raises no event. */
  #lookAgain(path: string, { mtimeMs, ino }: Stats): void {
    fs.stat(path, (error, now) => {
      // A file that is gone by now raises an event of its own.
      if (error || (now.mtimeMs === mtimeMs && now.ino === ino)) return;
      if (this.#state.name !== 'closed' && this.#isWatched(path)) this.#options.changed(path);
    });
  }

  #isWatched(path: string): boolean {
    return this.#watched.files.has(path) || this.#watched.globs.some((glob) => glob.matches(path));
  }

  #isIgnored(path: string, stats: Stats | undefined): boolean {
    if (this.#given.has(path)) return false;
    const { globs } = this.#watched;
    if (stats?.isFile()) return !globs.some((glob) => glob.matches(path));
    return !globs.some((glob) => glob.mayHold(path) || (stats === undefined && glob.matches(path)));
  }

  #failed(error: unknown, watch: Watch): void {
    const limit = LIMITS[codeOf(error) ?? ''];
    if (limit === undefined || this.#backend === 'polling')
      return this.#options.warn(`A file cannot be watched: ${messageOf(error)}`);
    if (this.#state.name !== 'open') return;
    this.#options.warn(`Files are polled for changes: ${limit}`);
    void this.#state.watcher.close();
    this.#backend = 'polling';
    this.#given = new Set();
    this.#seen.clear();
    this.#state = this.#open(watch);
    this.#update(watch);
  }
}
