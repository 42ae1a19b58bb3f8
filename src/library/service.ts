import { NextReload, type ReloadOutcome } from '../arbiter/change/outcome.ts';
import type { Command } from '../arbiter/events.ts';
import type { AnyRecord, RecordOf } from '../log/records.ts';
import type { ServiceStatus } from '../process/status.ts';
import type { UserConfig } from '../settings/catalogue/catalogue.ts';
import { BootError, EXIT, UsageError } from '../support/errors.ts';
import { ReloadError, StoppedError } from '../support/service-errors.ts';
import type { Begun, ServiceEvent, ServiceOptions, ServiceRecord } from './options.ts';

/** What waits for something. Not by a reaction of `ended`, which would be kept for as long as the service lives. */
interface Watcher {
  readonly watch: () => void;
  readonly end: (error: unknown) => void;
}

/** A service in this program: the arbiter runs here, its workers are processes. */
export class Service implements AsyncDisposable {
  /**
   * Resolves when the first worker accepts. Rejects with a UsageError for settings that cannot be used, a BootError where the
   * application cannot be loaded, and a StoppedError where the service was stopped before.
   */
  readonly ready: Promise<void>;
  /** Resolves when every worker has ended, with the exit status of the command; rejects with the UsageError that `ready` has. */
  readonly ended: Promise<number>;
  readonly #listeners = new Set<readonly [event: ServiceEvent, listener: (record: AnyRecord) => void]>();
  readonly #watchers = new Set<Watcher>();
  readonly #begun: Promise<Begun>;
  #settings: UserConfig;
  #urls: readonly string[] = [];
  #status: ServiceStatus | null = null;
  #failure: BootError | null = null;
  #turn: Promise<unknown> = Promise.resolve();
  /** Why nothing can be waited for any more; null while the service lives. */
  #over: { readonly error: unknown } | null = null;

  constructor(settings: UserConfig, options: ServiceOptions) {
    this.#settings = settings;
    this.#begun = import('./run.ts').then(({ begin }) =>
      begin({
        settings: () => this.#settings,
        options,
        took: (record) => this.#took(record),
        observe: (status) => this.#observed(status),
      }),
    );
    this.ended = this.#begun.then(({ ended }) => ended);
    this.ended.then(
      () => this.#end(this.#failure ?? new StoppedError('the service has stopped')),
      (error: unknown) => this.#end(error),
    );
    this.ready = this.#until(() => this.#urls.length > 0 || null).then(() => {});
    // Whoever needs to know awaits them.
    for (const promise of [this.ended, this.ready]) promise.catch(() => {});
  }

  /** Where the service listens, port 0 replaced by the real one; empty until it is ready. */
  get urls(): readonly string[] {
    return this.#urls;
  }

  /** The numbers of workers, the phase and the generation; null until the arbiter runs. */
  get status(): ServiceStatus | null {
    return this.#status;
  }

  /** Calls `listener` with each record of that event from now on; returns what ends that. */
  on<E extends ServiceEvent>(event: E, listener: (record: ServiceRecord<E>) => void): () => void {
    const entry = [event, listener as (record: AnyRecord) => void] as const;
    this.#listeners.add(entry);
    return () => void this.#listeners.delete(entry);
  }

  /**
   * Replaces the workers by new ones, which load the application again, with new settings where they are given. Resolves when
   * only new workers accept. Rejects with a ReloadError, and the old workers keep serving.
   */
  reload(settings?: UserConfig): Promise<void> {
    return this.#inTurn(() => this.#reload(settings));
  }

  /** Changes the number of workers; resolves when so many are ready. Rejects with a UsageError where the settings do not allow it. */
  scale(count: number): Promise<void> {
    return this.#inTurn(() => this.#scale(count));
  }

  /** Stops the service: the workers finish their requests within `gracefulTimeout`; `quick` ends them at once. Never rejects. */
  async stop({ quick = false }: { readonly quick?: boolean } = {}): Promise<void> {
    this.#ask({ name: 'stop', mode: quick ? 'quick' : 'graceful' });
    await this.ended.catch(() => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #ask(command: Command): void {
    // Where it has not begun, `ended` says why.
    this.#begun.then(({ ask }) => ask(command)).catch(() => {});
  }

  /** One after the other, once the service is ready. */
  #inTurn(act: () => Promise<void>): Promise<void> {
    const result = Promise.all([this.ready, this.#turn]).then(act);
    this.#turn = result.catch(() => {});
    return result;
  }

  async #reload(settings?: UserConfig): Promise<void> {
    const before = this.#settings;
    if (settings !== undefined) this.#settings = settings;
    const outcome = this.#nextOutcome();
    this.#ask({ name: 'reload' });
    try {
      const over = await outcome;
      if (over.outcome !== 'promoted') throw new ReloadError(over.reason, over.outcome);
    } catch (error) {
      this.#settings = before;
      throw error;
    }
    await this.#until(() => {
      const { wanted, ready, current } = this.#status?.workers ?? { wanted: 1, ready: 0, current: 0 };
      return (current >= wanted && ready === current) || null;
    });
  }

  /** The outcome of the reload that is asked for next. */
  async #nextOutcome(): Promise<ReloadOutcome> {
    const next = new NextReload();
    const off = this.on('*', (record) => next.took(record));
    try {
      return await this.#until(() => next.outcome);
    } finally {
      off();
    }
  }

  async #scale(count: number): Promise<void> {
    if (!Number.isInteger(count) || count < 1)
      throw new UsageError(`scale(): expected a whole number ≥ 1, got ${String(count)}`);
    let refusal: string | null = null;
    const off = this.on('scaling-limit', ({ message }) => {
      refusal = message;
    });
    this.#ask({ name: 'scale', count });
    try {
      await this.#until(() => {
        if (refusal !== null) throw new UsageError(`scale(): ${refusal}`);
        const { wanted, ready } = this.#status?.workers ?? { wanted: 0, ready: 0 };
        return (wanted === count && ready === count) || null;
      });
    } finally {
      off();
    }
  }

  /** Looks at each record and after each turn of the arbiter until `look` returns something; rejects when the service ends. */
  #until<Found>(look: () => Found | null): Promise<Found> {
    return new Promise((resolve, reject) => {
      const settle = (act: () => void) => {
        this.#watchers.delete(watcher);
        act();
      };
      const watcher: Watcher = {
        watch: () => {
          try {
            const found = look();
            if (found !== null) settle(() => resolve(found));
          } catch (error) {
            settle(() => reject(error));
          }
        },
        end: (error) => settle(() => reject(error)),
      };
      this.#watchers.add(watcher);
      watcher.watch();
      if (this.#over !== null) watcher.end(this.#over.error);
    });
  }

  #end(error: unknown): void {
    this.#over = { error };
    for (const { end } of this.#watchers) end(error);
  }

  #observed(status: ServiceStatus): void {
    this.#status = status;
    for (const { watch } of this.#watchers) watch();
  }

  #took(record: AnyRecord): void {
    if (record.event === 'listening') this.#urls = record.addresses;
    if (record.event === 'boot-failed' && record.level === 'critical') this.#failure = bootError(record);
    for (const [event, listener] of this.#listeners)
      if (event === '*' || event === record.event) callLater(() => listener(record));
    for (const { watch } of this.#watchers) watch();
  }
}

/** What a listener throws is an uncaught error of the program, not one of the arbiter. */
function callLater(call: () => void): void {
  try {
    call();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}

function bootError({ reason, exitStatus, err }: RecordOf<'boot-failed'>): BootError {
  const stack = err instanceof Error ? err.stack : undefined;
  return new BootError(reason, exitStatus === EXIT.appLoad ? EXIT.appLoad : EXIT.workerBoot, stack);
}
