import { createRequire } from 'node:module';
import type { Socket } from 'node:net';
import type { Listens } from '../../src/app/script/listens.ts';
import type { Sides } from '../../src/app/script/sides.ts';
import { SEND_AWAY_PART } from '../../src/http/drain/drain.ts';
import type { WorkerLog } from '../../src/log/records.ts';
import type { BootSpec } from '../../src/process/ipc/boot-spec.ts';
import type { ListenMessage, SocketAnswer } from '../../src/process/ipc/listening.ts';
import type { Clock } from '../../src/support/clock.ts';
import { ownFile } from '../../src/support/own-files.ts';
import { sendSidesAway } from '../end/send-sides-away.ts';

const require = createRequire(import.meta.url);
/** As they are before any code of the user's replaces them, as ts-node does. */
const extensions = { ...require.extensions };

type SidesModule = typeof import('../../src/app/script/sides.ts');

type Tell = (message: ListenMessage, socket?: Socket) => void;

/** Where the application listens beside the service; the code for that is loaded with the first listen(), or by loadCode(). */
export class SideDoor {
  readonly tell: Tell;
  readonly #handed: BootSpec['sides'];
  readonly #warn: (line: string) => void;
  #sides: Sides | null = null;
  #code: SidesModule | null = null;
  #isClosed = false;

  constructor({ sides }: BootSpec, log: WorkerLog, tell: Tell) {
    this.#handed = sides;
    this.#warn = (reason) => log.warning(reason, { event: 'program-listens', reason });
    this.tell = tell;
  }

  /** Loads the code at once, as a program will listen, and may have loaders of its own by then. */
  async loadCode(): Promise<void> {
    this.#code = await import('../../src/app/script/sides.ts');
  }

  get sides(): Sides {
    if (this.#sides === null) {
      const { Sides } = this.#code ?? load<SidesModule>('sides');
      this.#sides = new Sides({
        handed: this.#isClosed ? [] : this.#handed,
        tell: this.tell,
        warn: this.#warn,
      });
    }
    return this.#sides;
  }

  /** An application is imported, and served whatever it lets listen: all of that is beside. */
  watchImported(): void {
    const { prototype } = process.getBuiltinModule('node:net').Server;
    const { listen } = prototype;
    const door = this;
    prototype.listen = function (this: typeof prototype, ...args: unknown[]) {
      // As we do ourselves.
      if (isDescriptor(args[0])) return Reflect.apply(listen, this, args);
      prototype.listen = listen;
      door.#listens();
      return Reflect.apply(this.listen, this, args);
    } as typeof listen;
  }

  answered(answer: SocketAnswer, socket: unknown): void {
    this.#sides?.answered(answer, socket);
  }

  /** Resolves when the application's servers listen, or have failed. */
  settled(): Promise<void> {
    return this.#sides?.settled() ?? Promise.resolve();
  }

  /** The application is loaded: what it was handed and does not use is closed. */
  closeUnused(): void {
    if (this.#isClosed) return;
    if (this.#handed.length > 0) this.sides.closeUnused();
    this.#isClosed = true;
  }

  /** As Sides.drain(), and clients of WebSockets and event streams are sent away. */
  drain(graceMs: number, clock: Clock): (leftMs: () => number) => Promise<void> {
    const sides = this.#sides;
    if (sides === null) return async () => {};
    const ended = sides.drain();
    const stop = sendSidesAway(() => sides.streams, graceMs * SEND_AWAY_PART, clock);
    return (leftMs) => ended(leftMs).finally(stop);
  }

  #listens(): void {
    const { Listens } = load<typeof import('../../src/app/script/listens.ts')>('listens');
    const listens: Listens = new Listens();
    listens.beginBeside(this.sides, this.#warn);
  }
}

function load<Module>(name: string): Module {
  const theirs = { ...require.extensions };
  Object.assign(require.extensions, extensions);
  try {
    return require(ownFile(`src/app/script/${name}`)) as Module;
  } finally {
    Object.assign(require.extensions, theirs);
  }
}

function isDescriptor(first: unknown): boolean {
  return typeof first === 'object' && first !== null && 'fd' in first;
}
