import { relative } from 'node:path';
import type { FilesLoaded } from '../../process/ipc/loading.ts';
import type { LoadedData } from '../../settings/load.ts';
import type { Clock } from '../../support/clock.ts';
import { Changes } from '../../watch/changes.ts';
import { globOf } from '../../watch/globs.ts';
import type { Watched } from '../../watch/watcher.ts';
import type { ArbiterEvent } from '../events.ts';
import type { Generation } from './generation.ts';

/** Watches files; calls what it was created with for each that changes. */
export interface FileWatcher {
  watch(watched: Watched): void;
  close(): void;
}

export interface DevelopmentOptions {
  readonly clock: Clock;
  readonly emit: (event: ArbiterEvent) => void;
  readonly watcher: (changed: (file: string) => void) => FileWatcher;
  /** The absolute paths of the files that the settings come from. */
  readonly settingsFiles: (loaded: LoadedData) => readonly string[];
  readonly first: Generation;
  /** Date.now() before the first settings were read. */
  readonly sinceMs: number;
}

/** A log line names at most this many changed files. */
const MAX_NAMED = 3;

/**
 * `--reload` as the arbiter sees it: which files each generation has loaded, what a change of one calls for, and
 * whether an application that cannot be loaded waits for a change.
 */
export class Development {
  readonly #options: DevelopmentOptions;
  readonly #changes: Changes;
  readonly #watcher: FileWatcher;
  /** The files that each generation has loaded, and when; 0 for those that it looked for and did not find. */
  readonly #files = new Map<number, Map<string, number>>();
  #settingsFiles: ReadonlyMap<string, number>;
  #globs: Watched['globs'] = [];
  /** `read` from a change of the settings' files until the changed settings are in force. */
  #settings: 'same' | 'read' = 'same';
  #isWaiting = false;

  constructor(options: DevelopmentOptions) {
    const { clock, emit, watcher, first, sinceMs } = options;
    this.#options = options;
    this.#changes = new Changes(clock, (files) => emit({ type: 'changed', files }));
    this.#watcher = watcher((file) => this.#changes.add(file));
    this.#settingsFiles = new Map(options.settingsFiles(first.loaded).map((file) => [file, sinceMs]));
    this.#globs = globsOf(first);
  }

  /** Whether no worker is to be spawned before a file changes, as the application cannot be loaded. */
  get isWaiting(): boolean {
    return this.#isWaiting;
  }

  /** A worker of that generation has loaded files. */
  loaded(generation: number, { files, missing, atMs }: FilesLoaded): void {
    const known = this.#files.get(generation) ?? new Map<string, number>();
    this.#files.set(generation, known);
    for (const file of files) if (!known.has(file)) known.set(file, atMs);
    for (const file of missing) if (!known.has(file)) known.set(file, 0);
    this.#watch();
  }

  /** Records changed files; returns whether the settings have to be read again, and a log line that names the files. */
  changed(files: readonly string[]): { readonly settings: 'same' | 'read'; readonly line: string } {
    if (files.some((file) => this.#settingsFiles.has(file))) this.#settings = 'read';
    const names = files.slice(0, MAX_NAMED).map((file) => shortOf(file));
    const more = files.length > MAX_NAMED ? ` and ${files.length - MAX_NAMED} more` : '';
    return { settings: this.#settings, line: `Reloading: ${names.join(', ')}${more} changed` };
  }

  /** The first generation cannot be loaded. */
  wait(): void {
    this.#isWaiting = true;
  }

  /** A worker serves the application, or the page that shows why it cannot be loaded. */
  ready(): void {
    this.#isWaiting = false;
  }

  /** The generation is now the current one. */
  promoted(generation: Generation): void {
    if (generation.failure !== undefined) return;
    const { loaded } = generation;
    for (const number of [...this.#files.keys()]) if (number < generation.number) this.#files.delete(number);
    if (this.#settings === 'read') {
      const now = Date.now();
      this.#settingsFiles = new Map(this.#options.settingsFiles(loaded).map((file) => [file, now]));
      this.#globs = globsOf(generation);
      this.#settings = 'same';
    }
    this.#watch();
  }

  close(): void {
    this.#changes.close();
    this.#watcher.close();
  }

  #watch(): void {
    const files = new Map(this.#settingsFiles);
    for (const ofOne of this.#files.values()) {
      for (const [file, atMs] of ofOne) files.set(file, Math.max(atMs, files.get(file) ?? 0));
    }
    this.#watcher.watch({ files, globs: this.#globs });
  }
}

function globsOf({ loaded: { settings } }: Generation): Watched['globs'] {
  return settings.reloadExtraFile.map((pattern) => globOf(pattern, settings.chdir));
}

function shortOf(file: string): string {
  const short = relative(process.cwd(), file);
  return short.startsWith('..') ? file : short;
}
