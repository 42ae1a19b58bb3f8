import type { NodeWorker, Session } from 'node:inspector';

/** What the inspector says of itself: an event and its parameters. */
export type Heard = (method: string, params: unknown) => void;

/** One thread of this process, by the inspector's protocol. */
export interface Target {
  /** Node's id; 0 is the main thread. */
  readonly threadId: number;
  readonly name: string;
  /** Resolves with the result; rejects where the inspector refuses. A thread in native code does not answer. */
  post(method: string, params?: object): Promise<unknown>;
  /** From now on `heard` gets the events of the thread, in place of whoever got them before. */
  listen(heard: Heard): void;
}

/** The main thread; `session` is connected to it. */
export function mainTarget(session: Session): Target {
  let listener: Heard = () => {};
  session.on('inspectorNotification', ({ method, params }: { method: string; params?: unknown }) =>
    listener(method, params),
  );
  return {
    threadId: 0,
    name: 'main',
    post(method, params = {}) {
      const answer = Promise.withResolvers<unknown>();
      session.post(method, params, (error, result) =>
        error === null ? answer.resolve(result) : answer.reject(error),
      );
      return harmless(answer.promise);
    },
    listen(heard) {
      listener = heard;
    },
  };
}

/** The end of the session rejects what nobody may wait for any more, which must not end the thread that looks. */
function harmless<Value>(promise: Promise<Value>): Promise<Value> {
  promise.catch(() => {});
  return promise;
}

/** What a thread says, through the main one. */
type Message =
  | { readonly id: number; readonly result?: unknown; readonly error?: { readonly message: string } }
  | { readonly method: string; readonly params: unknown };

/**
 * The other threads of this process, which are reached through the main one. Rejects where the inspector refuses; without
 * an answer from the main thread it does not resolve.
 */
export async function threadTargets(session: Session): Promise<readonly Target[]> {
  const targets = new Map<string, ThreadTarget>();
  session.on('NodeWorker.attachedToWorker', ({ params: { sessionId, workerInfo } }) => {
    const target = threadOf(session, sessionId, workerInfo);
    if (target !== null) targets.set(sessionId, target);
  });
  session.on('NodeWorker.receivedMessageFromWorker', ({ params: { sessionId, message } }) =>
    targets.get(sessionId)?.hear(JSON.parse(message)),
  );
  await mainTarget(session).post('NodeWorker.enable', { waitForDebuggerOnStart: false });
  return [...targets.values()].toSorted((one, other) => one.threadId - other.threadId);
}

/** The worker's own id counts what was attached; that of the thread is told by its title alone. */
function threadOf(
  session: Session,
  sessionId: string,
  { title }: NodeWorker.WorkerInfo,
): ThreadTarget | null {
  const [, id, name = ''] = /^\[worker (\d+)\] ?(.*)$/.exec(title) ?? [];
  return id === undefined ? null : new ThreadTarget(session, sessionId, Number(id), name);
}

class ThreadTarget implements Target {
  readonly threadId: number;
  readonly name: string;
  readonly #session: Session;
  readonly #sessionId: string;
  readonly #asked = new Map<number, PromiseWithResolvers<unknown>>();
  #heard: Heard = () => {};
  #lastId = 0;

  constructor(session: Session, sessionId: string, threadId: number, name: string) {
    this.#session = session;
    this.#sessionId = sessionId;
    this.threadId = threadId;
    this.name = name;
  }

  post(method: string, params: object = {}): Promise<unknown> {
    this.#lastId += 1;
    const id = this.#lastId;
    const asked = Promise.withResolvers<unknown>();
    this.#asked.set(id, asked);
    this.#session.post('NodeWorker.sendMessageToWorker', {
      sessionId: this.#sessionId,
      message: JSON.stringify({ id, method, params }),
    });
    return harmless(asked.promise);
  }

  listen(heard: Heard): void {
    this.#heard = heard;
  }

  hear(message: Message): void {
    if ('method' in message) return this.#heard(message.method, message.params);
    const asked = this.#asked.get(message.id);
    this.#asked.delete(message.id);
    if (message.error === undefined) asked?.resolve(message.result);
    else asked?.reject(new Error(message.error.message));
  }
}
