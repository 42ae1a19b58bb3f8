import { type LogFollower, tellFollowed } from '../arbiter/workers/log-follower.ts';
import { isLogged } from '../log/logger.ts';
import { BEGINNING, type Cursor } from '../log/ring/reader.ts';
import type { Followed, RingLine } from '../log/ring/ring-log.ts';
import type { RingOwner, WorkerRing } from '../log/ring/worker-rings.ts';
import type { LogLevel } from '../support/logger.ts';
import type { Controlled, WorkerView } from './controlled.ts';

/** How often the rings of the workers are looked at while somebody follows. */
const LOOK_MS = 100;

/** A record of a worker, a line of its access log, or how much of them was left out. */
export type WorkerLine = (RingLine | { readonly lost: number }) & RingOwner;

/** What all workers log, from their rings, which are read though the workers hang. */
export class WorkerLogs {
  readonly #service: Controlled;
  readonly #wanted: Followed;
  /** How far each has been read. */
  readonly #cursors = new Map<WorkerRing, Cursor>();

  constructor(service: Controlled, wanted: Followed) {
    this.#service = service;
    this.#wanted = wanted;
  }

  /** The records that are there. */
  recent(): readonly (WorkerLine & { readonly time: string })[] {
    return this.#rings.flatMap((ring) => {
      // What was overwritten before is not missed.
      const { lines, cursor } = ring.read(BEGINNING);
      this.#cursors.set(ring, cursor);
      return lines.flatMap((text) => {
        const line = this.#shown(ring, text);
        // What somebody else has followed of the access log is not of the past.
        return line !== null && 'time' in line ? [line] : [];
      });
    });
  }

  /** Hands over each line that comes from now on. Returns what ends that. */
  follow(heard: (line: WorkerLine) => void): () => void {
    for (const ring of this.#rings)
      if (!this.#cursors.has(ring)) this.#cursors.set(ring, ring.read(BEGINNING).cursor);
    const timer = setInterval(() => this.#read(heard), LOOK_MS);
    const endTelling = tellWorkers(this.#service, this.#wanted);
    return () => {
      clearInterval(timer);
      endTelling();
    };
  }

  get #rings(): readonly WorkerRing[] {
    return this.#service.rings?.all ?? [];
  }

  #read(heard: (line: WorkerLine) => void): void {
    const rings = new Set(this.#rings);
    for (const ring of this.#cursors.keys()) if (!rings.has(ring)) this.#cursors.delete(ring);
    for (const ring of rings) {
      const { lines, lost, cursor } = ring.read(this.#cursors.get(ring) ?? BEGINNING);
      this.#cursors.set(ring, cursor);
      for (const text of lines) {
        const line = this.#shown(ring, text);
        if (line !== null) heard(line);
      }
      if (lost > 0) heard({ lost, ...ownerOf(ring) });
    }
  }

  #shown(ring: WorkerRing, text: string): WorkerLine | null {
    const line = parse(text);
    const { access, level } = this.#wanted;
    if (line === null || ('access' in line ? !access : !isLogged(line.level, level))) return null;
    return { ...line, ...ownerOf(ring) };
  }
}

/** The slot that it has now. */
function ownerOf({ owner: { pid, slot } }: WorkerRing): RingOwner {
  return { pid, slot };
}

/** Whatever runs in a worker can write to its ring: nothing but what is known is taken. */
function parse(text: string): RingLine | null {
  try {
    const line: unknown = JSON.parse(text);
    if (typeof line !== 'object' || line === null) return null;
    const { access, time, message, level, event, phase, stack, request } = line as Readonly<
      Record<string, unknown>
    >;
    if (typeof access === 'string') return { access };
    if (typeof time !== 'string' || typeof message !== 'string' || typeof level !== 'string') return null;
    if (Number.isNaN(Date.parse(time))) return null;
    return {
      // Of a level that there is not, nothing is shown.
      ...{ time, level: level as LogLevel, message },
      ...(typeof event === 'string' ? { event } : {}),
      ...(typeof phase === 'string' ? { phase } : {}),
      ...(typeof stack === 'string' ? { stack } : {}),
      ...(typeof request === 'string' ? { request } : {}),
    };
  } catch {
    return null;
  }
}

/** Tells every worker, and each that comes, what is wanted beyond what its log has. Returns what ends that. */
function tellWorkers({ workers, journal }: Controlled, { level, access }: Followed): () => void {
  const follower: LogFollower = { level, access };
  const told = new Set<WorkerView>();
  const look = () => {
    for (const worker of workers()) {
      if (told.has(worker) || worker.state.name === 'spawning') continue;
      told.add(worker);
      worker.logFollowers.add(follower);
      tellFollowed(worker);
    }
    for (const worker of told) if (worker.state.name === 'exited') told.delete(worker);
  };
  look();
  const end = journal.watch(look);
  return () => {
    end();
    for (const worker of told) {
      worker.logFollowers.delete(follower);
      tellFollowed(worker);
    }
  };
}
