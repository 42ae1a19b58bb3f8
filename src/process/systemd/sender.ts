import { messageOf } from '../../support/errors.ts';
import type { Assignments } from './notification.ts';

/** Why a message did not arrive; `forGood` where no other would. */
export interface Failure {
  readonly reason: string;
  readonly forGood: boolean;
}

/** Sends messages one at a time, in order, and waits for none in the caller's place. */
export class Sender {
  readonly #send: (assignments: Assignments) => Promise<Failure | null>;
  readonly #complain: (reason: string) => void;
  #waiting: Assignments[] = [];
  #state: 'idle' | 'busy' | 'impossible' = 'idle';
  #complained = false;

  /** `complain` is called once, for the first failure. */
  constructor(
    send: (assignments: Assignments) => Promise<Failure | null>,
    complain: (reason: string) => void,
  ) {
    this.#send = send;
    this.#complain = complain;
  }

  /** Sends a change of state: each arrives, in order. */
  announce(assignments: Assignments): void {
    if (this.#state === 'impossible') return;
    this.#waiting.push(assignments);
    void this.#next();
  }

  /** Sends what only counts for the moment; where something waits it goes with that, and replaces what is outdated. */
  mention(assignments: Assignments): void {
    if (this.#state === 'impossible') return;
    this.#waiting.push({ ...this.#waiting.pop(), ...assignments });
    void this.#next();
  }

  async #next(): Promise<void> {
    if (this.#state !== 'idle') return;
    this.#state = 'busy';
    for (let one = this.#waiting.shift(); one !== undefined; one = this.#waiting.shift()) {
      const failure = await this.#trySend(one);
      if (failure !== null) this.#failed(failure);
      if (failure?.forGood) {
        this.#state = 'impossible';
        this.#waiting = [];
        return;
      }
    }
    this.#state = 'idle';
  }

  async #trySend(assignments: Assignments): Promise<Failure | null> {
    try {
      return await this.#send(assignments);
    } catch (error) {
      // The system has no process to spare just now (EAGAIN is thrown, not emitted).
      return { reason: messageOf(error), forGood: false };
    }
  }

  #failed({ reason }: Failure): void {
    if (!this.#complained) this.#complain(reason);
    this.#complained = true;
  }
}
