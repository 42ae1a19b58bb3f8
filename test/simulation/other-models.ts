import type { ReadAnswer } from '../../src/main/read-settings.ts';
import type { Spawn } from '../../src/process/child.ts';
import { isPeerMessage, type PeerMessage } from '../../src/process/peer.ts';
import type { LoadedData } from '../../src/settings/load.ts';
import type { Chance } from './chance.ts';
import type { PeerModel } from './companions.ts';
import { type Machine, Process } from './machine.ts';

type Started = [machine: Machine, call: Parameters<Spawn>, pid: number];

/** What a reader of the configuration does. */
export type Reading =
  | { readonly name: 'answers'; readonly loaded: LoadedData }
  | { readonly name: 'refuses' | 'dies' | 'hangs' };

/** The child that reads the configuration for a reload. */
export class ReaderModel extends Process {
  readonly #reading: Reading;
  readonly #chance: Chance;
  hasAnswered = false;

  constructor(reading: Reading, chance: Chance, ...process: Started) {
    super(...process);
    this.#reading = reading;
    this.#chance = chance;
  }

  received(): void {
    const { name } = this.#reading;
    this.later(name === 'hangs' ? Infinity : this.#chance.between(1, 300), () => this.#answer());
  }

  /** The kernel may take a while to end it. */
  override signalled(signal: NodeJS.Signals): void {
    if (signal === 'SIGKILL' && this.#chance.happens(0.2)) {
      this.isKilled = true;
      this.later(400, () => this.end(null, signal));
    } else super.signalled(signal);
  }

  heal(): void {
    this.later(1, () => this.end(1));
  }

  protected caught(signal: NodeJS.Signals): void {
    this.end(null, signal);
  }

  #answer(): void {
    if (this.isKilled) return;
    if (this.#reading.name === 'dies') return this.end(1);
    const answer: ReadAnswer =
      this.#reading.name === 'answers' ? { loaded: this.#reading.loaded } : { refused: 'config.ts: no' };
    this.hasAnswered = true;
    this.say({ tsunicorn: 'answer', answer });
    this.later(this.#chance.between(0, 20), () => this.end(0));
  }
}

/** What the new arbiter of an upgrade does. */
export const NEW_ARBITER_FATES = ['serves', 'stops', 'fails', 'crashes', 'hangs', 'serves briefly'] as const;
export type NewArbiterFate = (typeof NEW_ARBITER_FATES)[number];

interface NewArbiterOptions {
  readonly fate: NewArbiterFate;
  /** What it does about companions; null where there are none. */
  readonly peer: ((tell: (message: PeerMessage) => void) => PeerModel) | null;
}

/** The new arbiter of an upgrade. */
export class NewArbiterModel extends Process {
  readonly #chance: Chance;
  readonly #options: NewArbiterOptions;
  #fate: NewArbiterFate;
  #peer: PeerModel | null = null;
  hasServed = false;
  /** The indexes of the sockets that it took over, once it serves. */
  adopted: readonly number[] = [];

  constructor(options: NewArbiterOptions, chance: Chance, ...process: Started) {
    super(...process);
    const { fate } = options;
    this.#options = options;
    this.#fate = fate;
    this.#chance = chance;
    this.later(fate === 'hangs' ? Infinity : chance.between(10, 3000), () => this.act());
  }

  received(message: unknown): void {
    if (isPeerMessage(message)) this.#peer?.told(message);
  }

  override end(status: number | null, signal: NodeJS.Signals | null = null): void {
    this.#peer?.ended(status === 0);
    super.end(status, signal);
  }

  /** It ends as if it had been told to. */
  heal(): void {
    this.later(1, () => this.end(0));
  }

  protected caught(signal: NodeJS.Signals): void {
    this.later(5, () => this.end(null, signal));
  }

  /** Does at once what it would do later. */
  act(): void {
    if (this.hasServed) return;
    switch (this.#fate) {
      case 'fails':
        return this.end(this.#chance.of([1, 3, 4]));
      case 'stops':
        return this.end(0);
      case 'crashes':
        return this.end(null, this.#chance.of(['SIGTERM', 'SIGKILL', 'SIGSEGV']));
      default:
        this.hasServed = true;
        this.adopted = this.#chance.happens(0.8) ? [0, 1, 2, 3] : [];
        this.say({ tsunicorn: 'serving', adopted: this.adopted });
        this.#peer = this.#options.peer?.((message) => this.isAlive && this.say(message)) ?? null;
        // The arbiter has to ignore it.
        if (this.#chance.happens(0.1)) this.say({ tsunicorn: 'serving', adopted: [] });
        if (this.#fate === 'serves briefly')
          this.later(this.#chance.between(1, 5000), () => this.end(this.#chance.of([0, 1])));
    }
  }
}
