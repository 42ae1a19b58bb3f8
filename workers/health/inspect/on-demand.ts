import { dirname } from 'node:path';
import type { InspectCommand, Inspected, StopInspecting } from '../../../src/process/ipc/inspection.ts';
import { messageOf } from '../../../src/support/errors.ts';
import { ownFile } from '../../../src/support/own-files.ts';
import { DEBUGGED } from './debugged.ts';

type Say = (part: Inspected) => void;

/**
 * Node aborts the process where a thread ends of whose inspector session the main thread has not let go, which it does
 * when its event loop turns.
 */
const LET_GO_MS = 1000;

/** Looks at the threads of this process from a thread that lives as long as that takes. */
export class OnDemand {
  readonly #say: Say;
  #thread: { readonly id: number; tell(command: StopInspecting): void } | null = null;

  constructor(say: Say) {
    this.#say = say;
  }

  take(command: InspectCommand | StopInspecting): void {
    const { id } = command;
    if (command.tsunicorn === 'stopInspecting') {
      if (this.#thread?.id === id) this.#thread.tell(command);
      return;
    }
    const refusal = this.#thread === null ? refusalHere() : 'another inspection is under way';
    if (refusal !== null) return this.#failed(id, refusal);
    try {
      this.#start(command);
    } catch (error) {
      // Node's permission model may forbid threads.
      this.#failed(id, messageOf(error));
    }
  }

  #start(command: InspectCommand): void {
    const { Worker } = process.getBuiltinModule('node:worker_threads');
    const cache = process.getBuiltinModule('node:module').getCompileCacheDir();
    const thread = new Worker(ownFile('workers/health/inspect/alone'), {
      name: 'tsunicorn inspector',
      // As the watchdog's: what NODE_OPTIONS preloads is meant for the application.
      env: cache === undefined ? {} : { NODE_COMPILE_CACHE: dirname(cache) },
      execArgv: [],
    });
    this.#thread = { id: command.id, tell: (stop) => thread.postMessage(stop) };
    thread.on('message', (part: Inspected) => {
      this.#say(part);
      if (part.end === 'more') return;
      this.#thread = null;
      setTimeout(() => thread.postMessage(null), LET_GO_MS).unref();
    });
    thread.once('error', (error) => {
      this.#thread = null;
      this.#failed(command.id, messageOf(error));
    });
    thread.unref();
    thread.postMessage(command);
  }

  #failed(id: number, text: string): void {
    this.#say({ tsunicorn: 'inspected', id, end: 'failed', text });
  }
}

/** Why this process cannot be looked at; null where it can. */
function refusalHere(): string | null {
  if (!process.features.inspector) return 'this Node has no inspector';
  return process.getBuiltinModule('node:inspector').url() === undefined ? null : DEBUGGED;
}
