import type { Readable } from 'node:stream';
import type { CompanionField } from '../../log/records/record.ts';
import { type Child, startChild } from '../../process/child.ts';
import { type CompanionMessage, isCompanionMessage } from '../../process/companion.ts';
import { discard } from '../../process/passed-socket.ts';
import type { ProcessEnd } from '../../process/process-end.ts';
import type { CompanionProcessStatus } from '../../process/status.ts';
import { seconds } from '../../support/duration.ts';
import { describeEnd, type EndAccount, type EndCause, NOTHING_KNOWN } from '../workers/describe-end.ts';
import { readLines } from './output.ts';
import type { CompanionPlan } from './plan.ts';
import type { SupervisorOptions } from './supervisor-options.ts';

type KillCause = Extract<EndCause, 'silent' | 'grace' | 'forced'>;

/** What a companion's process is doing. Times are of the arbiter's clock. */
type State =
  /** `heardMs` is of its last heartbeat; null before the first. */
  | { readonly name: 'running'; readonly heardMs: number | null; readonly isReady: boolean }
  /** It was sent TERM. */
  | { readonly name: 'ending'; readonly reason: string; readonly killAtMs: number }
  | { readonly name: 'killed'; readonly reason: string; readonly cause: KillCause }
  /** It has ended, and other processes of its group have not: they were sent TERM. */
  | { readonly name: 'clearing'; readonly killAtMs: number }
  /** They were sent KILL. What is still there then waits for its parent, which is not this arbiter. */
  | { readonly name: 'cleared'; readonly forgetAtMs: number }
  | { readonly name: 'gone' };

/** What is left of a group is looked at so often. */
const LOOK_MS = 100;
const QUICK_GRACE_MS = 2000;
const FORGET_MS = 1000;
/** The last output is awaited so long: another process may hold the pipe open. */
const LAST_WORDS_MS = 1000;

export interface StartOptions {
  readonly id: number;
  readonly plan: CompanionPlan;
  readonly index: number;
  readonly generation: number;
}

/** One process of a companion, with the group that it leads. */
export class CompanionProcess {
  readonly id: number;
  readonly plan: CompanionPlan;
  readonly index: number;
  readonly generation: number;
  readonly startedMs: number;
  readonly #options: SupervisorOptions;
  /** Null where the system did not start it. */
  readonly #child: Child | null;
  #state: State = { name: 'running', heardMs: null, isReady: false };

  constructor({ id, plan, index, generation }: StartOptions, options: SupervisorOptions) {
    this.id = id;
    this.plan = plan;
    this.index = index;
    this.generation = generation;
    this.startedMs = options.clock.now();
    this.#options = options;
    this.#child = this.#start();
    if (this.#child)
      options.log.info(`Companion ${this.label} started (pid: ${this.pid})`, {
        event: 'companion-started',
        pid: this.pid,
        companion: this.companion,
      });
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** How messages name it. */
  get label(): string {
    const { name, count } = this.plan;
    return count === 1 ? name : `${name} ${this.index}`;
  }

  /** As records have it. */
  get companion(): CompanionField {
    const { index, generation, pid } = this;
    return { name: this.plan.name, index, pid: pid || null, generation };
  }

  get status(): CompanionProcessStatus {
    const { pid, index, generation } = this;
    return { pid, index, generation, state: this.isReady ? 'ready' : this.#state.name };
  }

  /** Whether it runs and was not told to end. */
  get isRunning(): boolean {
    return this.#state.name === 'running';
  }

  /** Whether it said that it is ready. */
  get isReady(): boolean {
    return this.#state.name === 'running' && this.#state.isReady;
  }

  /** Whether nothing of it is left. */
  get isGone(): boolean {
    return this.#state.name === 'gone';
  }

  /** When `look` has something to do; Infinity where only an event can change that. */
  get wakeAtMs(): number {
    const state = this.#state;
    switch (state.name) {
      case 'running':
        return state.heardMs === null ? Infinity : state.heardMs + this.plan.beatMs;
      case 'ending':
        return state.killAtMs;
      case 'clearing':
      case 'cleared':
        return this.#options.clock.now() + LOOK_MS;
      default:
        return Infinity;
    }
  }

  /** Does what is due. */
  look(): void {
    const state = this.#state;
    const now = this.#options.clock.now();
    if (state.name === 'clearing' || state.name === 'cleared') return this.#clear(state, now);
    if (now < this.wakeAtMs) return;
    if (state.name === 'running') this.#kill(`silent for ${seconds(this.plan.beatMs)} (timeout)`, 'silent');
    if (state.name === 'ending') this.#kill('did not end within its grace period (gracefulTimeout)', 'grace');
  }

  /** The arbiter was stopped or starved for so long: messages that came in time still wait to be read. */
  forgive(lateMs: number): void {
    const state = this.#state;
    if (state.name === 'running' && state.heardMs !== null)
      this.#state = { ...state, heardMs: state.heardMs + lateMs };
    if (state.name === 'ending') this.#state = { ...state, killAtMs: state.killAtMs + lateMs };
  }

  heard(message: CompanionMessage): void {
    const state = this.#state;
    if (state.name !== 'running') return;
    const isReady = state.isReady || message.tsunicorn === 'companionReady';
    if (isReady && !state.isReady)
      this.#options.log.debug(`Companion ${this.label} is ready (pid: ${this.pid})`, {
        event: 'companion-ready',
        pid: this.pid,
        companion: this.companion,
      });
    const heardMs = message.tsunicorn === 'companionBeat' ? this.#options.clock.now() : state.heardMs;
    this.#state = { ...state, isReady, heardMs };
  }

  /** Sends TERM to its group, where that was not done; `quick` shortens the time until KILL. */
  end(reason: string, mode: 'graceful' | 'quick' = 'graceful'): void {
    const state = this.#state;
    const graceMs = mode === 'quick' ? Math.min(QUICK_GRACE_MS, this.plan.graceMs) : this.plan.graceMs;
    const killAtMs = this.#options.clock.now() + graceMs;
    if (state.name === 'ending' && killAtMs < state.killAtMs) this.#state = { ...state, killAtMs };
    if (state.name !== 'running') return;
    this.#state = { name: 'ending', reason, killAtMs };
    this.#options.log.debug(`Ending companion ${this.label} (pid: ${this.pid}): ${reason}`, {
      event: 'companion-ending',
      pid: this.pid,
      companion: this.companion,
      reason,
    });
    this.#signal('SIGTERM');
  }

  /** Sends KILL to its group. */
  force(): void {
    if (this.#state.name === 'running' || this.#state.name === 'ending')
      this.#kill('the service is forced to stop', 'forced');
  }

  /** Its process has ended. Returns why, in words that follow its name, and what is to be thought of that. */
  ended(end: ProcessEnd): EndAccount & { readonly level: 'error' | 'warning' | 'info' } {
    const state = this.#state;
    this.#state = this.#othersLive()
      ? { name: 'clearing', killAtMs: this.#options.clock.now() + this.plan.graceMs }
      : { name: 'gone' };
    if (this.#state.name === 'clearing') this.#signal('SIGTERM');
    switch (state.name) {
      case 'ending':
        return { level: 'info', reason: `ended: ${state.reason}`, cause: 'retired' };
      case 'killed':
        return { level: 'warning', reason: `was killed by the arbiter: ${state.reason}`, cause: state.cause };
      default:
        return { level: 'error', ...this.#describe(end) };
    }
  }

  #describe(end: ProcessEnd): EndAccount {
    if (end.how !== 'status') return describeEnd(end, this.#options.judgeKill, NOTHING_KNOWN);
    return { reason: `exited with status ${end.status}`, cause: 'exit' };
  }

  #start(): Child | null {
    const { spawn, clock, log, emit } = this.#options;
    const { id } = this;
    const spec = this.plan.childSpec(this.index, this.generation);
    const child = startChild(
      spawn,
      // Its own session, so that Ctrl-C reaches the arbiter alone; it leads a group, which is signalled as a whole.
      { ...spec, detached: true, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] },
      (error) => emit({ type: 'companion', id, what: 'ended', end: { how: 'unstarted', error } }),
    );
    if (child === null) return null;
    for (const stream of ['stdout', 'stderr'] as const) {
      const pipe = child[stream];
      if (pipe)
        readLines(pipe, clock, (text) =>
          log.info(`${this.label}: ${text}`, {
            event: 'companion-output',
            pid: this.pid,
            companion: this.companion,
            stream,
          }),
        );
    }
    child.on('message', (message, sent) => {
      discard(sent);
      if (isCompanionMessage(message)) emit({ type: 'companion', id, what: 'says', message });
    });
    child.once('exit', (status, signal) => {
      const end: ProcessEnd = signal ? { how: 'signal', signal } : { how: 'status', status: status ?? 0 };
      void this.#lastWords(child).then(() => emit({ type: 'companion', id, what: 'ended', end }));
    });
    return child;
  }

  /** Resolves when what it has written is read. */
  async #lastWords(child: Child): Promise<void> {
    const pipes = [child.stdout, child.stderr].flatMap((pipe) => (pipe && !pipe.closed ? [pipe] : []));
    let cancel = () => {};
    const late = new Promise<void>((resolve) => {
      cancel = this.#options.clock.after(LAST_WORDS_MS, resolve);
    });
    await Promise.race([Promise.all(pipes.map(closed)), late]);
    cancel();
    for (const pipe of pipes) pipe.destroy();
    if (child.connected) child.disconnect();
  }

  #kill(reason: string, cause: KillCause): void {
    this.#state = { name: 'killed', reason, cause };
    this.#options.log.warning(`Companion ${this.label} (pid: ${this.pid}) is killed: ${reason}`, {
      event: 'companion-overdue',
      pid: this.pid,
      companion: this.companion,
      reason,
      cause,
    });
    this.#signal('SIGKILL');
  }

  #clear(state: State & { name: 'clearing' | 'cleared' }, now: number): void {
    if (!this.#othersLive() || (state.name === 'cleared' && now >= state.forgetAtMs)) {
      this.#state = { name: 'gone' };
    } else if (state.name === 'clearing' && now >= state.killAtMs) {
      this.#signal('SIGKILL');
      this.#state = { name: 'cleared', forgetAtMs: now + FORGET_MS };
    }
  }

  #othersLive(): boolean {
    return this.pid !== 0 && this.#options.signalGroup(this.pid, 0);
  }

  #signal(signal: NodeJS.Signals): void {
    if (this.pid !== 0) this.#options.signalGroup(this.pid, signal);
  }
}

/** Resolves when the stream is closed. Not by once(), which rejects where an error comes before that. */
function closed(stream: Readable): Promise<void> {
  return new Promise((resolve) => void stream.once('close', resolve));
}
