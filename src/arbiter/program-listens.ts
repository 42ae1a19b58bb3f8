import { closing } from '../listeners/closing.ts';
import type { Listener } from '../listeners/listener.ts';
import type { ListenMessage } from '../process/ipc/listening.ts';
import type { PassedSocket } from '../process/passed-socket.ts';
import { parseAddress } from '../settings/address.ts';
import type { Clock } from '../support/clock.ts';
import type { Generation } from './change/generation.ts';
import type { Reload } from './change/reload.ts';
import { isBooting } from './policy/worker-state.ts';
import type { SideSockets } from './side-sockets.ts';
import type { WorkerHandle } from './workers/handle.ts';
import type { WorkerSet } from './workers/set.ts';

/** A worker tells of what it binds at once, but its event loop may be busy for a while. */
const TELLING_MS = 2000;

export interface ProgramListensOptions {
  readonly workers: WorkerSet;
  readonly sides: SideSockets;
  readonly reload: Reload;
  readonly clock: Clock;
  /** Whether the service was told to stop. */
  readonly isEnding: () => boolean;
  /** The generation that serves. */
  readonly current: () => Generation;
  /** Its address was asked for, and is known now: from these listeners, which take the place of its own. */
  readonly listensAt: (listeners: readonly Listener[]) => void;
}

/** What workers tell of the listen() calls of a program: where the service serves, and what it listens for beside that. */
export class ProgramListens {
  readonly #options: ProgramListensOptions;

  constructor(options: ProgramListensOptions) {
    this.#options = options;
  }

  /** `socket` is what the worker has bound; null where it has bound nothing. */
  take(worker: WorkerHandle, message: ListenMessage, socket: PassedSocket | null): void {
    const { sides, isEnding } = this.#options;
    switch (message.tsunicorn) {
      case 'bound': {
        if (socket === null) return;
        const { place, url, role } = message;
        if (isEnding()) return socket.close();
        if (role === 'side') return sides.bound(worker, { ...socket, place, url });
        return this.#boundMain(worker, listenerOf(place, url, socket));
      }
      case 'took':
        return message.role === 'side' ? sides.took(worker, message.place) : this.#tookMain(worker);
      case 'released':
        return sides.released(worker, message.place);
      case 'wanted':
        return this.#wanted(worker, message);
    }
  }

  #wanted(worker: WorkerHandle, { id, place, port }: ListenMessage & { tsunicorn: 'wanted' }): void {
    const { sides, workers } = this.#options;
    const others = workers.all.filter((one) => one !== worker && this.#mayBind(one));
    const ages = others.map(({ age }) => age);
    const { answer, url, socket } = sides.wanted(worker, place, port, ages);
    worker.send({ tsunicorn: 'socket', id, answer, url }, socket ?? undefined);
  }

  /** Whether what the worker has bound a moment ago may not have been told yet. */
  #mayBind({ state }: WorkerHandle): boolean {
    if (isBooting(state)) return true;
    return state.name === 'ready' && this.#options.clock.now() - state.sinceMs < TELLING_MS;
  }

  /** The program asks for an address of its own, which the worker has bound. */
  #boundMain(worker: WorkerHandle, listener: Listener): void {
    const { reload, listensAt } = this.#options;
    if (this.#isAskedOf(reload.candidate, worker)) reload.bound(listener);
    else if (this.#isAskedOf(this.#options.current(), worker)) listensAt([listener]);
    else return listener.close();
    worker.listeners = [listener];
  }

  /** The program asks for the address that the service has. */
  #tookMain(worker: WorkerHandle): void {
    const { reload, listensAt } = this.#options;
    const current = this.#options.current();
    if (reload.candidate?.number === worker.generation) reload.took();
    else if (this.#isAskedOf(current, worker)) listensAt(current.listeners);
  }

  /** Whether the worker is of that generation, of which nobody knows yet where it listens. */
  #isAskedOf(generation: Generation | null, worker: WorkerHandle): boolean {
    return generation?.number === worker.generation && generation.address === 'asked';
  }
}

/** The listener on a socket that a worker has bound, as the program asked for it with `place`. */
function listenerOf(place: string, url: string, { fd, close }: PassedSocket): Listener {
  return { address: parseAddress(place, url), fd, url, place, ...closing(close) };
}
