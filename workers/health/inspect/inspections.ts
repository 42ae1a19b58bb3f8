import type { Session } from 'node:inspector';
import { threadId as ownThreadId } from 'node:worker_threads';
import type {
  InspectCommand,
  Inspected,
  Inspection,
  StackSeen,
  StopInspecting,
} from '../../../src/process/ipc/inspection.ts';
import { messageOf } from '../../../src/support/errors.ts';
import { DEBUGGED } from './debugged.ts';
import { recordProfile } from './record-profile.ts';
import { seeStack } from './see-stack.ts';
import { mainTarget, type Target, threadTargets } from './target.ts';
import type { Turns } from './turns.ts';
import { within } from './within.ts';
import { heapRoom, writeHeap } from './write-heap.ts';

/** So long the main thread may take to say which other threads there are. */
const THREADS_MS = 500;
/** Fits into a pipe, of which the arbiter reads 64 KB at a time. */
const PART_LENGTH = 32 * 1024;

export interface InspectionOptions {
  /** Sends a part of an answer; resolves when it is written. */
  readonly say: (part: Inspected) => Promise<void>;
  /** Whether a debugger can be connected. */
  readonly isDebugged: () => boolean;
  /** Of all that stops the main thread. */
  readonly turns: Turns;
  /** The requests that wait, where they are known. */
  readonly waiting: () => Pick<StackSeen, 'requests' | 'waiting'>;
}

interface Running {
  readonly id: number;
  readonly stop: AbortController;
}

/**
 * Looks from a thread of its own at what the threads of this process do, by the inspector, which opens no port. What it
 * looks at goes on afterwards. One inspection at a time.
 */
export class Inspections {
  readonly #options: InspectionOptions;
  #running: Running | null = null;

  constructor(options: InspectionOptions) {
    this.#options = options;
  }

  /** Takes a command of the arbiter. Resolves when it is answered; never rejects. */
  async take(command: InspectCommand | StopInspecting): Promise<void> {
    const { id } = command;
    if (command.tsunicorn === 'stopInspecting') {
      if (this.#running?.id === id) this.#running.stop.abort();
      return;
    }
    const refusal = this.#refusal;
    if (refusal !== null) return this.#end(id, 'failed', refusal);
    const stop = new AbortController();
    this.#running = { id, stop };
    try {
      const text = await inspect(command, this.#options, stop.signal);
      await this.#answer(id, text, stop.signal);
    } catch (error) {
      await this.#end(id, 'failed', messageOf(error));
    } finally {
      this.#running = null;
    }
  }

  /** Lets go of everything at once, as the process is about to be ended. */
  leave(): void {
    this.#running?.stop.abort();
  }

  get #refusal(): string | null {
    if (this.#running !== null) return 'another inspection is under way';
    return this.#options.isDebugged() ? DEBUGGED : null;
  }

  async #answer(id: number, text: string, signal: AbortSignal): Promise<void> {
    let at = 0;
    for (; text.length - at > PART_LENGTH && !signal.aborted; at += PART_LENGTH)
      await this.#end(id, 'more', text.slice(at, at + PART_LENGTH));
    if (!signal.aborted) await this.#end(id, 'done', text.slice(at));
  }

  #end(id: number, end: Inspected['end'], text: string): Promise<void> {
    return this.#options.say({ tsunicorn: 'inspected', id, end, text });
  }
}

async function inspect(
  inspection: Inspection,
  { waiting, turns }: Pick<InspectionOptions, 'waiting' | 'turns'>,
  signal: AbortSignal,
): Promise<string> {
  if (inspection.what === 'stack')
    return turns.take(() => connected(signal, (session) => stackText(session, waiting)));
  return connected(signal, async (session) => {
    const target = await targetOf(session, inspection.threadId);
    switch (inspection.what) {
      case 'profile':
        return recordProfile(target, inspection.durationMs, signal);
      case 'heapRoom':
        return JSON.stringify(await heapRoom(target, inspection.file));
      case 'heap': {
        const { file, unfinished } = inspection;
        return JSON.stringify(await turns.take(() => writeHeap(target, file, unfinished)));
      }
    }
  });
}

/** Does the work with a session, which ends with it, or as soon as `signal` aborts. */
async function connected(signal: AbortSignal, work: (session: Session) => Promise<string>): Promise<string> {
  const { Session } = process.getBuiltinModule('node:inspector');
  const session = new Session();
  session.connectToMainThread();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  signal.addEventListener('abort', () => reject(new Error('the inspection was broken off')), { once: true });
  try {
    const done = work(session);
    // It goes on for a moment without a session.
    done.catch(() => {});
    signal.throwIfAborted();
    return await Promise.race([done, aborted]);
  } finally {
    // What has not stopped until now never will.
    session.disconnect();
  }
}

async function stackText(session: Session, waiting: InspectionOptions['waiting']): Promise<string> {
  const startedMs = performance.now();
  const main = await seeStack(mainTarget(session));
  const others = await Promise.all((await othersOf(session)).map(seeStack));
  const tookMs = performance.now() - startedMs;
  return JSON.stringify({ tookMs, threads: [main, ...others], ...waiting() } satisfies StackSeen);
}

async function targetOf(session: Session, threadId: number | null): Promise<Target> {
  if (threadId === null || threadId === 0) return mainTarget(session);
  const others = await othersOf(session);
  const found = others.find((one) => one.threadId === threadId);
  if (found !== undefined) return found;
  const known = others.map((one) => one.threadId).join(', ');
  throw new Error(
    `there is no thread ${threadId} here; ${known === '' ? 'there is the main thread only' : `there are: ${known}`}`,
  );
}

/** Ours apart, which must never wait for itself. */
async function othersOf(session: Session): Promise<readonly Target[]> {
  const others = await within(THREADS_MS, threadTargets(session));
  if (others === 'late') return [];
  return others.filter(({ threadId, name }) => threadId !== ownThreadId && !name.startsWith(OWN_NAMES));
}

/** How the threads that are no part of the application are called. */
const OWN_NAMES = 'tsunicorn ';
