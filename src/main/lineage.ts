import type { NewArbiters } from '../arbiter/change/new-arbiter.ts';
import type { EventQueue } from '../arbiter/events.ts';
import type { UpgradeOptions } from '../arbiter/options.ts';
import { adoptSide, type SideSocket } from '../arbiter/side-sockets.ts';
import type { HandedLogs } from '../control/hand-logs.ts';
import { bindAll } from '../listeners/bind.ts';
import type { HandedSocket } from '../listeners/handed.ts';
import type { Listener } from '../listeners/listener.ts';
import type { Owner } from '../listeners/owner.ts';
import type { HandedRing } from '../log/ring/worker-rings.ts';
import type { CounterStore } from '../metrics/store.ts';
import type { Page } from '../page/page.ts';
import { type Death, onParentGone, type Parent, tellServing } from '../process/parent.ts';
import { isPeerMessage } from '../process/peer.ts';
import type { FollowingPidfile } from '../process/pidfile.ts';
import { hasExited, mayBeResize } from '../process/process-state.ts';
import type { Start } from '../process/start.ts';
import type { Observe } from '../process/status.ts';
import type { Notifier } from '../process/systemd/notifier.ts';
import { type Address, parseAddress } from '../settings/address.ts';
import type { Loaded } from '../settings/load.ts';
import { fs } from '../support/builtins.ts';
import type { Logger } from '../support/logger.ts';
import type { TicketKeys } from '../tls/ticket-keys.ts';

/** What changes with an upgrade. */
export interface UpgradeParts {
  readonly pidfile: FollowingPidfile;
  readonly notifier: Notifier | null;
  readonly counters: CounterStore | null;
  /** Null without --admin-bind. */
  readonly page: Page | null;
  readonly adminListeners: readonly Listener[];
  /** Null where nobody can ask for logs. */
  readonly logs: HandedLogs | null;
  /** The path of the control socket; null where there is none. */
  readonly control: string | null;
  /** What the new arbiter is to remember of the deaths of workers; absent where nobody can ask for them. */
  readonly deaths?: () => readonly Death[];
  /** Keys for tickets of TLS; null where none are used. */
  readonly ticketKeys: () => TicketKeys | null;
  readonly newArbiters: NewArbiters;
}

/** The process that started this arbiter, if a tsunicorn did, and the new arbiter that this one starts in an upgrade. */
export class Lineage {
  readonly #start: Start;
  readonly #parent: Parent | null;
  readonly #queue: EventQueue;
  /** False where a wrapper around Node was started in between. */
  readonly #isOldArbiterParent: boolean;
  #adopted: readonly number[] = [];
  #isTold = false;

  constructor(start: Start, parent: Parent | null, queue: EventQueue) {
    this.#start = start;
    this.#parent = parent;
    this.#queue = queue;
    this.#isOldArbiterParent = process.ppid === this.oldArbiter;
  }

  /** Tells the notifier about the service only: while two arbiters run, the end of one is not the end of the service. */
  observing({ observe }: Notifier): Observe {
    return (status) => {
      const { role, phase } = status;
      const isOthers = role === 'old' || (role === 'new' && phase === 'stopping');
      return isOthers ? Infinity : observe(status);
    };
  }

  /** The pid of the arbiter that this one is to replace. */
  get oldArbiter(): number | null {
    return this.#parent?.kind === 'arbiter' ? this.#parent.pid : null;
  }

  /** The deaths of workers of late that it has told of. */
  get oldDeaths(): readonly Death[] {
    return this.#parent?.deaths ?? [];
  }

  /** The descriptor of the keys for tickets of TLS that it handed over; null where it has none. */
  get oldTicketKeys(): number | null {
    return this.#parent?.ticketKeys ?? null;
  }

  /** The path of its control socket; null where it has none. */
  get oldControl(): string | null {
    return this.oldArbiter === null ? null : (this.#parent?.control ?? null);
  }

  /** The log of a daemon also writes to the terminal why it does not start. */
  async logOf(loaded: Loaded, log: Logger): Promise<Logger> {
    if (this.#parent?.kind !== 'front' || loaded.settings.errorLogfile === '-') return log;
    const { alsoToFront } = await import('./daemon.ts');
    return alsoToFront(log);
  }

  /** Where a program was served before that nothing else names an address for; it probably asks for the same again. */
  get asked(): readonly Address[] {
    return this.#handed.flatMap(({ place, asked }) =>
      place === undefined ? [] : parseAddress(place, asked),
    );
  }

  /** What was handed to this process to serve on. */
  get #handed(): readonly HandedSocket[] {
    return this.#parent?.sockets.filter(({ role }) => role === undefined) ?? [];
  }

  /** As bindAll(), but takes over the sockets that were handed to this process. */
  async bind(addresses: readonly Address[], owner?: Owner): Promise<readonly Listener[]> {
    if (this.#parent === null) return bindAll(addresses, owner);
    const { adoptAll } = await import('../listeners/handed.ts');
    const handed = this.#handed;
    const { listeners, indexes } = await adoptAll(addresses, handed, owner);
    this.#adopted = indexes;
    // The process that started a daemon does not serve.
    if (this.oldArbiter === null) for (const listener of listeners) listener.setShared(false);
    return listeners.map((listener) => {
      const place = handed.find(({ url }) => url === listener.url)?.place;
      return place === undefined ? listener : { ...listener, place };
    });
  }

  /** What was handed to this process beside the listeners of the service. */
  get sides(): readonly SideSocket[] {
    const handed = this.#parent?.sockets ?? [];
    return handed.flatMap(({ role, place, url, fd }) =>
      role === 'side' && place !== undefined ? adoptSide(place, url, fd) : [],
    );
  }

  /** How the arbiter takes part in upgrades. */
  upgradeOptions(bound: UpgradeParts): UpgradeOptions {
    const { pidfile, notifier, counters, page, adminListeners, logs, control, deaths } = bound;
    const { newArbiters, ticketKeys } = bound;
    const { oldArbiter } = this;
    if (oldArbiter !== null) {
      onParentGone(() => this.#queue.push({ type: 'oldArbiterGone' }));
      process.on('message', (message) => {
        if (isPeerMessage(message)) this.#queue.push({ type: 'peer', message });
      });
    }
    return {
      oldArbiter,
      isOldArbiterGone: () =>
        this.#isOldArbiterParent && (process.ppid !== oldArbiter || hasExited(oldArbiter)),
      workerCount: this.#parent?.workerCount ?? null,
      start: (listeners, workerCount, emit) => {
        for (const listener of adminListeners) listener.setShared(true);
        const files = counters?.handOver() ?? null;
        const history = files === null ? null : (page?.recorder.handOver() ?? null);
        const keys = ticketKeys()?.handOver() ?? null;
        const handed = {
          ticketKeys: keys,
          listeners: [...listeners, ...adminListeners],
          workerCount,
          counters: files && history !== null ? { ...files, history } : files,
          control,
          ...(deaths ? { deaths: deaths() } : {}),
        };
        const begin = (rings: readonly HandedRing[]) =>
          newArbiters.start(this.#start, { ...handed, rings }, emit);
        if (logs === null) begin([]);
        else logs.handOver(begin);
        for (const fd of [history, keys]) if (fd !== null) fs.closeSync(fd);
      },
      tell: (message) => {
        if (newArbiters.tell(message) || oldArbiter === null || !process.connected) return;
        process.send?.(message, undefined, undefined, () => {});
      },
      mayBeResize,
      serving: (isComplete) => void this.#tellParent(isComplete),
      upgraded: (pid) => notifier?.mainPid(pid),
      rolledBack: () => notifier?.mainPid(process.pid),
      ended: (pid) => {
        logs?.newGone();
        if (pid === null) counters?.notTaken();
        else {
          pidfile.forget(pid);
          counters?.othersGone();
        }
        for (const listener of adminListeners) listener.setShared(false);
      },
      alone: (worker) => {
        logs?.oldGone();
        counters?.othersGone();
        for (const listener of adminListeners) listener.setShared(false);
        pidfile.promote();
        if (worker !== null) notifier?.renewMainPid(process.pid, worker);
      },
    };
  }

  /** Tells the parent that this arbiter serves; an old arbiter only once all workers are ready, so that capacity never dips. */
  async #tellParent(isComplete: boolean): Promise<void> {
    if (this.#parent === null || this.#isTold || (this.#parent.kind === 'arbiter' && !isComplete)) return;
    this.#isTold = true;
    await tellServing(this.#adopted);
    if (this.#parent.kind !== 'front') return;
    const { leaveFront } = await import('./daemon.ts');
    leaveFront();
  }
}
