import { EventEmitter } from 'node:events';
import type { Spawn } from '../../src/process/child.ts';
import type { BootSpec } from '../../src/process/ipc/boot-spec.ts';
import type { ArbiterMessage, WorkerMessage } from '../../src/process/ipc/messages.ts';
import type { Chance } from './chance.ts';
import { type Machine, Process } from './machine.ts';
import { SideApplication, type SideListens } from './side-listens.ts';

/** How the application behaves in workers that are started from now on. */
export const APPLICATIONS = [
  'good',
  'slow',
  'fails',
  'exits',
  'crashes',
  'hangs',
  'flaky',
  'short',
  'greedy',
] as const;
export type Application = (typeof APPLICATIONS)[number];

/** What a worker depends on when it is started. */
export interface Surroundings {
  readonly application: Application;
  /** From 0 to 1: how busy workers are. */
  readonly load: () => number;
  /** Whether nothing fails any more. */
  readonly isCalm: () => boolean;
  readonly sideListens: SideListens;
  /** Where the application listens beside the service. */
  readonly places: readonly string[];
  readonly failed: (what: string) => void;
}

const DEATHS = ['SIGKILL', 'SIGSEGV', 'SIGABRT', 'SIGTERM', 0, 1, 134] as const;
export type Death = (typeof DEATHS)[number];
export const deaths: readonly Death[] = DEATHS;

const BEAT_MS = 1000;

class Pipe extends EventEmitter {
  closed = false;
  readonly #written: () => void;

  constructor(written: () => void) {
    super();
    this.#written = written;
  }

  get writable(): boolean {
    return !this.closed;
  }

  write(): boolean {
    this.#written();
    return true;
  }

  setEncoding(): this {
    return this;
  }

  close(): void {
    this.closed = true;
    this.emit('close');
  }
}

/** A worker as the arbiter sees it: it boots, stands by, serves and ends, or fails to. */
export class WorkerModel extends Process {
  readonly #surroundings: Surroundings;
  readonly #chance: Chance;
  readonly #watchdog: Pipe | null;
  #spec: BootSpec | null = null;
  #sides: SideApplication | null = null;
  #isCalled = false;
  #phase: 'starting' | 'loading' | 'hanging' | 'standby' | 'opening' | 'serving' | 'going' = 'starting';
  /** Its event loop is blocked: it handles and sends no message. */
  isStuck = false;
  readonly #unheard: ArbiterMessage[] = [];

  constructor(
    surroundings: Surroundings,
    chance: Chance,
    ...process: [machine: Machine, call: Parameters<Spawn>, pid: number]
  ) {
    super(...process);
    this.#surroundings = surroundings;
    this.#chance = chance;
    const { stdio } = this.child.options;
    const at = Array.isArray(stdio) ? stdio.lastIndexOf('pipe') : -1;
    this.#watchdog = at > 3 ? new Pipe(() => this.#account()) : null;
    Object.assign(this.child, { stdio: at > 3 ? Object.assign([], { [at]: this.#watchdog }) : [] });
  }

  get age(): number {
    return this.#spec?.age ?? 0;
  }

  received(message: ArbiterMessage): void {
    if (message.tsunicorn === 'boot') return this.#start(message);
    if (message.tsunicorn === 'socket') return this.#sides?.heard(message);
    // A message down takes a moment, and may cross one that comes up.
    this.later(this.#chance.between(0, 3), () => this.#hear(message));
  }

  heal(): void {
    this.isStuck = false;
    for (const message of this.#unheard.splice(0)) this.#hear(message);
    if (this.#phase === 'hanging') this.#loaded();
    else if (this.#phase === 'opening') this.#serve();
    else if (this.#phase === 'going') this.later(10, () => this.end(0));
  }

  /** A message of the watchdog's thread, which does not depend on the event loop. */
  warn(message: WorkerMessage): void {
    if (this.#watchdog)
      this.machine.deliver(() => this.#watchdog?.emit('data', `${JSON.stringify(message)}\n`));
    else this.say(message);
  }

  /** The watchdog was told to write the access lines, and reports that in time, too late or never. */
  #account(): void {
    if (this.#fault(0.1)) return;
    const complete = this.#chance.happens(0.9);
    this.later(this.#chance.between(1, this.#surroundings.isCalm() ? 100 : 500), () =>
      this.warn({ tsunicorn: 'accounted', complete }),
    );
  }

  die(how: Death): void {
    if (typeof how === 'number') this.end(how);
    else this.end(null, how);
  }

  override end(status: number | null, signal: NodeJS.Signals | null = null): void {
    if (!this.isAlive) return;
    this.#surroundings.sideListens.ended(this);
    super.end(status, signal);
    if (this.#watchdog) this.machine.deliver(() => this.#watchdog?.close());
  }

  protected caught(signal: NodeJS.Signals): void {
    const ignores = this.isStuck && this.#chance.happens(0.5) && !this.#surroundings.isCalm();
    if (!ignores) this.later(this.#chance.between(1, 200), () => this.end(null, signal));
  }

  #start(spec: BootSpec): void {
    this.#spec = spec;
    const { sideListens: listens, places, isCalm, failed } = this.#surroundings;
    this.#sides = new SideApplication(
      {
        ...{
          listens,
          holder: this,
          generation: spec.generation,
          places,
          chance: this.#chance,
          isCalm,
          failed,
        },
        later: (ms, act) => this.later(ms, act),
        tell: (message, socket, arrived) => this.say(message, socket, arrived),
      },
      spec.sides.map(({ place }) => place),
    );
    const isMute = this.#fault(0.01);
    this.later(isMute ? Infinity : this.#chance.between(1, 40), () => {
      this.#tell({ tsunicorn: 'hello' });
      if (this.#phase !== 'starting') return;
      this.#phase = 'loading';
      const isSlow = this.#surroundings.application === 'slow' || this.#fault(0.05);
      this.later(this.#chance.between(5, isSlow ? 4000 : 400), () => this.#load());
    });
    if (isMute) this.#phase = 'hanging';
  }

  #load(): void {
    if (this.#phase !== 'loading') return;
    switch (this.#outcome()) {
      case 'fails':
        return this.#fail();
      case 'exits':
        return this.end(this.#chance.of([0, 1, 7]));
      case 'crashes':
        return this.end(null, this.#chance.of(['SIGSEGV', 'SIGABRT', 'SIGKILL']));
      case 'hangs':
        this.#phase = 'hanging';
        this.isStuck = this.#chance.happens(0.5);
        return;
      default:
        return this.#loaded();
    }
  }

  /** The result of loading the application. */
  #outcome(): Application {
    const { application, isCalm } = this.#surroundings;
    if (isCalm()) return 'good';
    if (application === 'flaky' || this.#fault(0.02))
      return this.#chance.of(['good', 'fails', 'exits', 'crashes', 'hangs']);
    return application;
  }

  #fail(): void {
    this.#tell({ tsunicorn: 'bootFailed', exitStatus: this.#chance.of([1, 3, 4]), message: 'it fails' });
    this.#phase = 'going';
    this.later(this.#fault(0.1) ? Infinity : this.#chance.between(1, 100), () => this.end(4));
  }

  #loaded(): void {
    this.#tell({ tsunicorn: 'loaded', files: ['/app/app.ts'], missing: [], atMs: 0 });
    this.#sides?.loaded();
    if ((this.#spec?.settings.spareWorkers ?? 0) === 0) return this.#serve();
    this.#phase = 'standby';
    this.#sides?.ready();
    this.#tell({ tsunicorn: 'standby' });
    this.#beat();
    if (this.#isCalled) this.#hear({ tsunicorn: 'accept', slot: 0 });
  }

  #serve(): void {
    const wasStandingBy = this.#phase === 'opening';
    this.#phase = 'serving';
    if (!wasStandingBy) this.#sides?.ready();
    this.#tell({ tsunicorn: 'ready', urls: ['http://127.0.0.1:8000'] });
    if (!wasStandingBy) this.#beat();
    if (this.#surroundings.isCalm()) return;
    const { application } = this.#surroundings;
    const lifeMs = application === 'short' ? this.#chance.between(1, 3000) : this.#lifeMs();
    this.later(lifeMs, () => this.#depart());
    if (application === 'greedy') this.later(this.#chance.between(1, 3000), () => this.#ask('itself'));
  }

  #lifeMs(): number {
    return this.#fault(0.3) ? this.#chance.between(1, 120_000) : Infinity;
  }

  /** Ends in one of the ways in which workers end without being told to, unless nothing fails any more. */
  #depart(): void {
    if (this.#surroundings.isCalm() || this.#phase === 'going') return;
    const how = this.#chance.weighted({ die: 4, stick: 3, ask: 3, leave: 3 });
    if (how === 'die') return this.die(this.#chance.of(DEATHS));
    if (how === 'ask') return this.#ask(this.#chance.of(['itself', 'signal']));
    if (how === 'leave') return this.leave(this.#chance.of(['itself', 'signal']));
    this.isStuck = true;
  }

  #ask(by: 'itself' | 'signal'): void {
    if (this.#phase === 'serving') this.#tell({ tsunicorn: 'outgoing', reason: 'it wishes so', by });
  }

  /** It retires of its own accord, or by a signal from outside. */
  leave(by: 'itself' | 'signal'): void {
    this.#tell({ tsunicorn: 'leaving', reason: 'it leaves', by });
    this.#go(2000);
  }

  #beat(): void {
    this.later(BEAT_MS, () => {
      if (this.#phase !== 'standby' && this.#phase !== 'opening' && this.#phase !== 'serving') return;
      const utilisation = this.#surroundings.load();
      const load = { load: { utilisation, inFlight: Math.round(utilisation * 4) } };
      const scales = this.#spec?.settings.workersMax != null;
      if (!this.isStuck) this.#tell({ tsunicorn: 'heartbeat', ...(scales ? load : {}) });
      this.#beat();
    });
  }

  #hear(message: ArbiterMessage): void {
    // It waits in the channel.
    if (this.isStuck) return void this.#unheard.push(message);
    switch (message.tsunicorn) {
      case 'accept':
        // A message that it never sent, and that the arbiter believed, said that it stands by.
        this.#isCalled = this.#phase !== 'standby';
        if (this.#isCalled) return;
        this.#phase = 'opening';
        return this.later(this.#fault(0.02) ? Infinity : 3, () => this.#open());
      case 'retire':
        return this.#go(this.#phase === 'serving' ? Math.min(message.graceMs, 5000) : 50);
      case 'quit':
        return this.#go(500);
    }
  }

  #open(): void {
    if (this.#phase === 'opening') this.#serve();
  }

  #go(limitMs: number): void {
    this.#phase = 'going';
    this.later(this.#fault(0.05) ? Infinity : this.#chance.between(0, limitMs), () =>
      this.#fault(0.05) ? this.die(this.#chance.of(DEATHS)) : this.end(0),
    );
  }

  /** A message may come twice or late. */
  #tell(message: WorkerMessage): void {
    const lateMs = this.#fault(0.02) ? this.#chance.between(1, 2000) : 0;
    if (lateMs > 0) this.later(lateMs, () => this.say(message));
    else this.say(message);
    if (this.#fault(0.02)) this.later(this.#chance.between(0, 1000), () => this.say(message));
  }

  #fault(probability: number): boolean {
    return this.#chance.happens(probability) && !this.#surroundings.isCalm();
  }
}
