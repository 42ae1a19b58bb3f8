import type { RecordLog } from '../../log/records.ts';
import type { LoadedCode } from '../../process/ipc/loading.ts';
import type { WorkerSnapshot } from '../policy/worker-state.ts';
import { detailsOf } from './obituary.ts';

interface Known extends LoadedCode {
  /** Whether it was logged that another worker has other code. */
  isMixed: boolean;
}

type Loader = Pick<WorkerSnapshot, 'age' | 'slot' | 'generation'> & { readonly pid: number };

/**
 * What the first worker of each generation has loaded. A worker that replaces another one loads the files as they are then:
 * where they have changed, the generation runs two versions of the code, which is logged once.
 */
export class LoadedCodes {
  readonly #log: RecordLog;
  readonly #known = new Map<number, Known>();

  constructor(log: RecordLog) {
    this.#log = log;
  }

  /** The hash of that code, so that a worker with the same need not list its files; null before one has loaded it. */
  hashOf(generation: number): string | null {
    return this.#known.get(generation)?.hash ?? null;
  }

  /** A worker has loaded its application. */
  loaded(worker: Loader, code: LoadedCode): void {
    const known = this.#known.get(worker.generation);
    if (known === undefined) {
      if (code.files === null) return;
      this.#known.set(worker.generation, { ...code, isMixed: false });
      const count = Object.keys(code.files).length;
      const { generation } = worker;
      return this.#log.debug(`Generation ${generation} was loaded from ${count} files`, {
        event: 'code-loaded',
        generation,
        count,
      });
    }
    const isSame = known.hash === code.hash;
    this.#log.debug(`Worker (pid: ${worker.pid}) has loaded ${isSame ? 'the same' : 'other'} code`, {
      event: 'code-loaded',
      ...recordOf(worker),
    });
    if (known.isMixed || isSame) return;
    const changed = changedFiles(known, code);
    if (changed.length === 0) return;
    known.isMixed = true;
    this.#warn(worker, changed);
  }

  /** Forgets the generations before this one, of which no worker will be spawned. */
  promoted(generation: number): void {
    for (const number of [...this.#known.keys()]) if (number < generation) this.#known.delete(number);
  }

  #warn(worker: Loader, files: readonly string[]): void {
    const { generation } = worker;
    const more = files.length === 1 ? '' : ` (and ${files.length - 1} more)`;
    this.#log.warning(
      `Generation ${generation} runs two versions of the code: ${files[0]}${more} differs from what its first worker loaded, and worker (${detailsOf(worker)}) has loaded the new version; send HUP to bring all workers to the same version`,
      {
        event: 'code-mixed',
        ...recordOf(worker),
        files: files.slice(0, 10),
        count: files.length,
      },
    );
  }
}

function recordOf({ pid, slot, age, generation }: Loader) {
  return { pid, generation, worker: { pid, slot, age, generation } };
}

/**
 * The files that both have loaded and that differ. A file that only one of them has loaded does not count, as the other may
 * load it later. Where a symbolic link led to different modules of the application, it is that module.
 */
function changedFiles(known: LoadedCode, code: LoadedCode): readonly string[] {
  if (known.entry !== code.entry) return [code.entry];
  const before = known.files ?? {};
  return Object.entries(code.files ?? {}).flatMap(([file, seen]) => {
    const was = before[file];
    return was === undefined || was === seen ? [] : [file];
  });
}
