import type { Worker } from 'node:cluster';
import { relative } from 'node:path';
import { fs, util } from '../../support/builtins.ts';

/** The modules of Node that ask node:cluster whether they may bind a socket themselves: here they always may. */
const BINDING: ReadonlySet<string> = new Set(['node:net', 'node:dgram']);
/** Node itself reads all properties of node:cluster for `import { … } from 'node:cluster'`. */
const NODES = /^node:/;
const PRIMARY = /\bis(?:Primary|Master)\b/;

/**
 * What node:cluster tells a program: that it is a worker, as it tells one that PM2 runs in cluster mode. Node's own modules
 * are told that there is no cluster, so that nothing of this process is bound by another.
 */
export class ClusterView {
  readonly #main: string;
  #slot: number | null;
  #worker: Worker | null = null;
  #isImported = false;
  /** Where the program has asked first whether it is the primary; null where it has not. */
  #asked: string | null = null;
  #say: ((place: string) => void) | null = null;

  /** To be called before any code of the user's runs. `main` is the file of the main module; `slot` is null in a spare worker. */
  constructor(main: string, slot: number | null) {
    this.#main = main;
    this.#slot = slot;
    const cluster = process.getBuiltinModule('node:cluster');
    const isPrimary = { get: () => this.#isPrimary(askedBy()), enumerable: true, configurable: true };
    Object.defineProperties(cluster, {
      isPrimary,
      isMaster: isPrimary,
      isWorker: { ...isPrimary, get: () => !BINDING.has(askedBy().file) },
      worker: { ...isPrimary, get: () => this.#own() },
    });
    const harmless = () => {};
    Object.assign(cluster, { fork: refuseFork, setupPrimary: harmless, setupMaster: harmless });
  }

  /** The worker is told in which slot it serves. */
  serveIn(slot: number): void {
    this.#slot = slot;
  }

  /** Calls `say` with the place in the program that asks whether it is the primary, once, if one does or has done so. */
  follow(say: (place: string) => void): void {
    this.#say = say;
    if (this.#asked !== null) this.#said(this.#asked);
  }

  /** The program has been loaded: a named import of its main module has asked already. */
  loaded(): void {
    if (this.#asked === null && this.#isImported && PRIMARY.test(textOf(this.#main)))
      this.#note(relative(process.cwd(), this.#main));
  }

  #isPrimary({ file, line }: Site): boolean {
    if (BINDING.has(file)) return true;
    if (NODES.test(file)) this.#isImported = true;
    // A library that asks knows workers, too.
    else if (!file.includes('/node_modules/')) this.#note(`${nameOf(file)}:${line}`);
    return false;
  }

  #note(place: string): void {
    if (this.#asked !== null) return;
    this.#asked = place;
    if (this.#say !== null) this.#said(place);
  }

  #said(place: string): void {
    this.#say?.(place);
    this.#say = null;
  }

  /** Made only for a program that uses it, since it listens for messages. */
  #own(): Worker {
    this.#worker ??= workerOf(() => (this.#slot === null ? 0 : this.#slot + 1));
    return this.#worker;
  }
}

function workerOf(id: () => number): Worker {
  const { Worker: Class } = process.getBuiltinModule('node:cluster');
  const worker: Worker = Reflect.construct(Class, [{ process, state: 'online' }]);
  const leave = (signal: NodeJS.Signals = 'SIGTERM'): Worker => {
    worker.exitedAfterDisconnect = true;
    process.kill(process.pid, signal);
    return worker;
  };
  Object.defineProperty(worker, 'id', { get: id, enumerable: true });
  process.once('disconnect', () => worker.emit('disconnect'));
  // A worker of node:cluster closes its servers and ends; the arbiter puts another one in its place.
  return Object.assign(worker, { kill: leave, destroy: leave, disconnect: () => leave() });
}

function refuseFork(): never {
  throw new Error(
    'cluster.fork() is not supported, because tsunicorn starts the workers (--workers); call it only if cluster.isPrimary is true, or remove it',
  );
}

interface Site {
  /** A path, or a module of Node. */
  readonly file: string;
  readonly line: number;
}

/** Who reads a property of node:cluster, the caller of the caller. Independent of what the program does to stacks. */
function askedBy(): Site {
  const [, , site] = util.getCallSites(3, { sourceMap: false });
  return { file: site?.scriptName ?? '', line: site?.lineNumber ?? 0 };
}

function nameOf(script: string): string {
  const file = script.startsWith('file:') ? new URL(script).pathname : script;
  return relative(process.cwd(), decodeURI(file)) || file;
}

function textOf(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    // It has gone since it was loaded.
    return '';
  }
}
