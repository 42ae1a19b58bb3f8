import type { Debugger, NodeWorker, Session } from 'node:inspector';
import { stackOf } from '../../health/stack.ts';

/** What a thread was doing. */
export type Inspection =
  | { readonly what: 'blocked'; readonly stack: readonly string[] }
  /** Its event loop turns: the handler has returned, and waits for something. */
  | { readonly what: 'waiting' }
  /** It did not answer in time. */
  | { readonly what: 'silent' }
  | { readonly what: 'unseen'; readonly why: string };

/** A thread that has not begun to answer by then is in native code, if it is given a processor at all. */
const ANSWER_MS = 500;
/** A big application has thousands of scripts to list. */
const LIST_MS = 1000;
/** One that runs JavaScript stops at once when it is asked to. */
const STOP_MS = 100;
const RELEASE_MS = 250;

const [ENABLE, PAUSE, DISABLE] = [1, 2, 3];

/** What a thread says: an answer with an id, or an event with a method. */
type Message =
  | { readonly id: number }
  | { readonly method: 'Debugger.scriptParsed'; readonly params: Debugger.ScriptParsedEventDataType }
  | { readonly method: 'Debugger.paused'; readonly params: Debugger.PausedEventDataType };

/** Sees what threads of this process are doing, by one debugger session that lives as long as somebody looks. */
export class ThreadInspector {
  #open: { readonly connection: Connection; users: number } | null = null;

  /** Stops the thread, reads its stack and lets it go on. Takes a second at most, and never rejects. */
  async see(threadId: number): Promise<Inspection> {
    const why = whyNot();
    if (why !== null) return { what: 'unseen', why };
    try {
      this.#open ??= { connection: new Connection(), users: 0 };
      const open = this.#open;
      open.users += 1;
      try {
        return await open.connection.see(threadId);
      } finally {
        open.users -= 1;
        if (open.users === 0) this.#close(open.connection);
      }
    } catch (error) {
      // Node's permission model may forbid the inspector.
      return { what: 'unseen', why: error instanceof Error ? error.message : String(error) };
    }
  }

  #close(connection: Connection): void {
    this.#open = null;
    connection.end();
  }
}

function whyNot(): string | null {
  if (!process.features.inspector) return 'this Node has no inspector';
  // A developer may hold the thread, and would see it go on.
  const { url } = process.getBuiltinModule('node:inspector');
  return url() === undefined ? null : 'a debugger may be connected';
}

/** A session of this thread to all others. */
class Connection {
  readonly #session: Session;
  readonly #sessionIds = new Map<number, string>();
  readonly #listeners = new Map<string, (message: Message) => void>();
  readonly #enabled: Promise<void>;

  constructor() {
    const { Session } = process.getBuiltinModule('node:inspector');
    this.#session = new Session();
    this.#session.connect();
    this.#session.on('NodeWorker.attachedToWorker', ({ params }) => this.#attached(params));
    this.#session.on('NodeWorker.receivedMessageFromWorker', ({ params }) =>
      this.#listeners.get(params.sessionId)?.(JSON.parse(params.message)),
    );
    this.#enabled = new Promise((enabled, failed) => {
      const done = (error: Error | null) => (error === null ? enabled() : failed(error));
      this.#session.post('NodeWorker.enable', { waitForDebuggerOnStart: false }, done);
    });
  }

  async see(threadId: number): Promise<Inspection> {
    await this.#enabled;
    const sessionId = this.#sessionIds.get(threadId);
    if (sessionId === undefined) return { what: 'unseen', why: 'the inspector does not know the thread' };
    try {
      const inspection = await this.#inspect(sessionId);
      await this.#release(sessionId, inspection);
      return inspection;
    } finally {
      this.#listeners.delete(sessionId);
    }
  }

  end(): void {
    this.#session.disconnect();
  }

  /** The worker's own id counts what was attached; that of the thread is told by its title alone. */
  #attached({ sessionId, workerInfo }: NodeWorker.AttachedToWorkerEventDataType): void {
    const [, threadId] = /^\[worker (\d+)\]/.exec(workerInfo.title) ?? [];
    if (threadId !== undefined) this.#sessionIds.set(Number(threadId), sessionId);
  }

  #inspect(sessionId: string): Promise<Inspection> {
    return new Promise((resolve) => {
      const look = new Pause(resolve);
      this.#listeners.set(sessionId, (message) => look.hear(message));
      this.#post(sessionId, ENABLE, 'Debugger.enable');
      this.#post(sessionId, PAUSE, 'Debugger.pause');
    });
  }

  /** A thread that is paused cannot be ended: it would wait for its debugger for ever. */
  #release(sessionId: string, { what }: Inspection): Promise<void> {
    return new Promise((released) => {
      this.#listeners.set(sessionId, (message) => {
        if ('id' in message && message.id === DISABLE) released();
      });
      this.#post(sessionId, DISABLE, 'Debugger.disable');
      if (what === 'silent') released();
      else setTimeout(released, RELEASE_MS);
    });
  }

  #post(sessionId: string, id: number, method: string): void {
    this.#session.post('NodeWorker.sendMessageToWorker', {
      sessionId,
      message: JSON.stringify({ id, method }),
    });
  }
}

/** Waits for a thread to stop, at each step so long as that may take; concludes from where it got stuck. */
class Pause {
  readonly #resolve: (inspection: Inspection) => void;
  readonly #sources = new Map<string, string>();
  #timer: NodeJS.Timeout | undefined;

  constructor(resolve: (inspection: Inspection) => void) {
    this.#resolve = resolve;
    this.#within(ANSWER_MS, { what: 'silent' });
  }

  hear(message: Message): void {
    if ('id' in message) {
      if (message.id === PAUSE) this.#within(STOP_MS, { what: 'waiting' });
    } else if (message.method === 'Debugger.scriptParsed') {
      if (this.#sources.size === 0) this.#within(LIST_MS, { what: 'silent' });
      this.#sources.set(message.params.scriptId, message.params.url);
    } else if (message.method === 'Debugger.paused') {
      clearTimeout(this.#timer);
      this.#resolve(inspectionOf(message.params.callFrames, this.#sources));
    }
  }

  #within(ms: number, otherwise: Inspection): void {
    clearTimeout(this.#timer);
    // If this thread was held up itself, the answer may be here already, unread.
    this.#timer = setTimeout(() => setImmediate(this.#resolve, otherwise), ms);
  }
}

/** Where all of it is Node's own, which some of Node 24 has no URL for, the thread was idle and has just been woken. */
function inspectionOf(
  frames: readonly Debugger.CallFrame[],
  sources: ReadonlyMap<string, string>,
): Inspection {
  const sourcesOf = frames.map(({ location, url }) => sources.get(location.scriptId) ?? url);
  // What an application evaluates has no URL either, but a caller that has one.
  const isNodes =
    sourcesOf.every((source) => source.startsWith('node:')) || sourcesOf.every((source) => source === '');
  return isNodes ? { what: 'waiting' } : { what: 'blocked', stack: stackOf(frames, sources) };
}
