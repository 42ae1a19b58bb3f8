import type { Arbiter } from '../arbiter/arbiter.ts';
import { type Generation, listenersAsSeen } from '../arbiter/change/generation.ts';
import type { Command, EventQueue } from '../arbiter/events.ts';
import type { Controlled } from '../control/controlled.ts';
import type { Asker } from '../control/directory.ts';
import type { ControlFront } from '../control/front.ts';
import { Journal } from '../control/journal.ts';
import type { RecentAnswers } from '../control/recent-answers.ts';
import type { ControlSocket, SocketRequest } from '../control/socket.ts';
import type { AnyRecord, RecordLog } from '../log/records.ts';
import type { WorkerRings } from '../log/ring/worker-rings.ts';
import type { CounterStore } from '../metrics/store.ts';
import { packageVersion } from '../process/installation.ts';
import type { Parent } from '../process/parent.ts';
import type { Start } from '../process/start.ts';
import type { LoadedData } from '../settings/load.ts';
import { nameSetting } from '../settings/origin.ts';
import { systemClock } from '../support/clock.ts';
import { closeQuietly } from '../support/close-quietly.ts';
import type { Lineage } from './lineage.ts';

// Before the first worker is started, only what notes the records is loaded.

/** The control socket that a service asks for. What answers there is loaded later. */
export interface Control {
  readonly journal: Journal;
  readonly request: SocketRequest;
  /** Where a path was asked for by name: it is bound. */
  readonly named: ControlSocket | null;
}

/** What --control-socket asks for; null where that is none. `asker` is null where there is none by default. */
export function controlOf(
  { settings, origins }: LoadedData,
  asker: Asker | null,
  { oldControl: before, oldDeaths }: Pick<Lineage, 'oldControl' | 'oldDeaths'>,
): Control | null {
  const { controlSocket: asked, name } = settings;
  if (asked === 'none' || (asked === 'auto' && asker === null)) return null;
  const source = `${nameSetting(origins.controlSocket, 'control-socket')} ${asked}`;
  const request = { asked, source, name, asker, before };
  return { journal: new Journal(() => systemClock.now(), oldDeaths), request, named: null };
}

/** Binds a path that was asked for by name: what fails then ends the start. Rejects with a UsageError. */
export async function bindNamed(control: Control | null): Promise<Control | null> {
  if (control === null || control.request.asked === 'auto') return control;
  const { openSocket } = await import('../control/socket.ts');
  const { socket } = await openSocket(control.request);
  return { ...control, named: socket };
}

/** What the workers are to log for who asks; null where nobody can. */
export async function ringsOf(journal: Journal | null, parent: Parent | null): Promise<WorkerRings | null> {
  const handed = parent?.rings ?? [];
  if (journal === null) {
    for (const { fd } of handed) closeQuietly(fd);
    return null;
  }
  const { WorkerRings } = await import('../log/ring/worker-rings.ts');
  return new WorkerRings(handed);
}

/** What is noted of what happens; null where nobody can ask. */
export function journalOf(
  { settings }: LoadedData,
  control: Control | null,
  { oldDeaths }: Pick<Lineage, 'oldDeaths'>,
): Journal | null {
  if (control !== null) return control.journal;
  return settings.adminBind === null ? null : new Journal(() => systemClock.now(), oldDeaths);
}

/** What the control socket and the page have to do with. */
export interface ControlSources {
  readonly journal: Journal;
  readonly queue: EventQueue;
  readonly counters: CounterStore | null;
  readonly answers: RecentAnswers | null;
  readonly rings: WorkerRings | null;
  readonly oldArbiter: number | null;
  readonly serving: () => Generation;
  readonly arbiter: () => Arbiter;
  readonly start: Pick<Start, 'cwd' | 'namedCwd'>;
}

/** The service as the control socket and the page see it. */
export function controlledBy(sources: ControlSources): Controlled {
  const { journal, queue, counters, answers, rings, oldArbiter, serving, arbiter, start } = sources;
  return {
    version: packageVersion(),
    ...{ journal, counters, answers, rings, oldArbiter },
    loaded: () => serving().loaded,
    directory: () => ({ named: start.namedCwd, now: serving().cwd ?? start.cwd }),
    listeners: () => listenersAsSeen(serving()),
    workers: () => arbiter().workers,
    newArbiter: () => arbiter().newArbiter,
    tell: (command: Command) => tell(queue, journal, command),
    config: async () => (await import('./print-config.ts')).configRows(serving().loaded),
  };
}

/** Opens the control socket; null where there is none. Never rejects. */
export async function openControl(
  control: Control | null,
  service: Controlled | null,
  log: RecordLog,
): Promise<ControlFront | null> {
  if (control === null || service === null) return null;
  const { request, named } = control;
  const { openSocket } = await import('../control/socket.ts');
  const { socket, why } = named === null ? await openSocket(request) : { socket: named, why: null };
  if (socket === null) {
    const reason = why ?? '';
    log.info(`No control socket, so tsunicornctl cannot reach this service (--control-socket): ${reason}`, {
      event: 'control-off',
      reason,
    });
    return null;
  }
  const { ControlFront } = await import('../control/front.ts');
  return new ControlFront(socket, service, log, named === null);
}

/** Resolves with what the arbiter logs while it handles the command, and not those before it. */
function tell(queue: EventQueue, journal: Journal, command: Command): Promise<readonly AnyRecord[]> {
  return new Promise((resolve) => {
    const records: AnyRecord[] = [];
    let end = () => {};
    const begins = () => {
      end = journal.follow((record) => void records.push(record));
    };
    const handled = () => {
      end();
      resolve(records);
    };
    queue.push({ type: 'asked', command, begins, handled });
  });
}
