import type { BlockSeen } from './blocks.ts';

/**
 * What the arbiter asks of a worker on behalf of an operator: through the watchdog's pipe, where the worker has a watchdog
 * that runs, which answers though the event loop is blocked; else through the channel. `id` comes back with the answer.
 */
export type InspectCommand = {
  readonly tsunicorn: 'inspect';
  readonly id: number;
} & Inspection;

/** What is to be found out about the threads of a worker, which goes on meanwhile. */
export type Inspection =
  /** Where each thread is; the answer is a StackSeen as JSON. */
  | { readonly what: 'stack' }
  /** What a thread spends its time on; null is the main thread. The answer is a .cpuprofile. */
  | { readonly what: 'profile'; readonly durationMs: number; readonly threadId: number | null }
  /** What there is to be written of the heap of a thread to that file; the answer is a HeapRoom as JSON. */
  | { readonly what: 'heapRoom'; readonly file: string; readonly threadId: number | null }
  /**
   * Writes the heap of a thread to `unfinished` and renames that to `file`, absolute paths in one directory; the answer is
   * its length in bytes. The thread does nothing else meanwhile.
   */
  | {
      readonly what: 'heap';
      readonly file: string;
      readonly unfinished: string;
      readonly threadId: number | null;
    };

/** Nobody waits for that answer any more. */
export interface StopInspecting {
  readonly tsunicorn: 'stopInspecting';
  readonly id: number;
}

/** The answer to `inspect`, in parts: those of `more` and the one of `done` make up the text; or a line that says why there is none. */
export interface Inspected {
  readonly tsunicorn: 'inspected';
  readonly id: number;
  readonly end: 'more' | 'done' | 'failed';
  readonly text: string;
}

/** What the threads of a worker were doing. */
export interface StackSeen extends Pick<BlockSeen, 'requests' | 'waiting'> {
  /** How long it took to find out. */
  readonly tookMs: number;
  /** The main thread is the first. */
  readonly threads: readonly ThreadSeen[];
}

/** What one thread was doing. */
export interface ThreadSeen {
  /** Node's id; 0 is the main thread. */
  readonly threadId: number;
  /** What the thread is called; empty where it has no name. */
  readonly name: string;
  /**
   * `running` JavaScript; `idle`, as its event loop waits; in `native` code, which includes a process that is stopped or
   * gets no processor: nothing answers there.
   */
  readonly state: 'running' | 'idle' | 'native';
  /** As in StallSeen; empty unless it runs. */
  readonly stack: readonly string[];
}

/** What there is to be written of a heap, and where. */
export interface HeapRoom {
  /** Of the heap that are in use. */
  readonly usedBytes: number;
  /** Of the file system that are left to the user of the worker. */
  readonly freeBytes: number;
}
