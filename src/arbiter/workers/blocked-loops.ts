import { aboutWorker } from '../../log/about-worker.ts';
import { Condition, type Course, type Phase } from '../../log/condition.ts';
import type { RecordLog } from '../../log/records.ts';
import type { Blocked, BlockSeen, Unblocked } from '../../process/ipc.ts';
import { blockLines } from '../../process/stall.ts';
import type { Clock } from '../../support/clock.ts';
import { seconds } from '../../support/duration.ts';
import type { WorkerHandle } from './handle.ts';
import { nameOf } from './obituary.ts';

/**
 * A loop that turns for so long is blocked no more: longer than it takes to notice the next block. Where that was too
 * hasty, the next end waits twice as long.
 */
const CALM_MS = [2000, 60_000] as const;

type Worker = Pick<WorkerHandle, 'pid' | 'slot' | 'age' | 'generation'>;

/** How often a loop was blocked, one block soon after another, and how long: the present block apart from those before. */
interface Blocks {
  /** How long the first had lasted when it was noted. */
  readonly firstMs: number;
  readonly earlierMs: number;
  readonly longestMs: number;
  readonly presentMs: number;
  readonly isOver: boolean;
  readonly seen: BlockSeen;
}

/** Says of workers that serve that their event loops are blocked, while that lasts, and when they turn again. */
export class BlockedLoops {
  readonly #clock: Clock;
  readonly #log: RecordLog;
  readonly #loops = new Map<number, Loop>();

  constructor(clock: Clock, log: RecordLog) {
    this.#clock = clock;
    this.#log = log;
  }

  note(worker: Worker, message: Blocked | Unblocked): void {
    const loop = this.#loops.get(worker.age) ?? new Loop(this.#clock, this.#log, worker);
    this.#loops.set(worker.age, loop);
    loop.note(message);
  }

  /** The worker ends: whatever is to be said of it, the record of its end says. */
  forget({ age }: Worker): void {
    this.#loops.get(age)?.drop();
    this.#loops.delete(age);
  }
}

const NOTHING: BlockSeen = { stack: null, requests: [], waiting: 0 };

class Loop {
  readonly #clock: Clock;
  readonly #log: RecordLog;
  readonly #worker: Worker;
  readonly #condition: Condition<Blocks>;
  #blocks: Blocks | null = null;
  #calmMs: number = CALM_MS[0];
  #endedMs = Number.NEGATIVE_INFINITY;
  #cancelEnd: (() => void) | null = null;
  #isDropped = false;

  constructor(clock: Clock, log: RecordLog, worker: Worker) {
    this.#clock = clock;
    this.#log = log;
    this.#worker = worker;
    this.#condition = new Condition({ clock, say: (phase, course) => this.#write(phase, course) });
  }

  note({ blockedMs, ...message }: Blocked | Unblocked): void {
    const before = this.#blocks;
    const isNew = before === null || before.isOver;
    const seen = (message.tsunicorn === 'blocked' ? message.seen : null) ?? before?.seen ?? NOTHING;
    this.#blocks = {
      firstMs: before?.firstMs ?? blockedMs,
      earlierMs: (before?.earlierMs ?? 0) + (before?.isOver ? before.presentMs : 0),
      longestMs: Math.max(before?.longestMs ?? 0, blockedMs),
      presentMs: blockedMs,
      isOver: message.tsunicorn === 'unblocked',
      seen,
    };
    this.#cancelEnd?.();
    this.#cancelEnd = null;
    if (before === null) this.#becomePatient();
    this.#condition.note(this.#blocks, isNew ? 1 : 0);
    if (this.#blocks.isOver) this.#cancelEnd = this.#clock.after(this.#calmMs, () => this.#end());
  }

  drop(): void {
    this.#isDropped = true;
    this.#cancelEnd?.();
    this.#condition.end();
  }

  #becomePatient(): void {
    const wasHasty = this.#clock.now() - this.#endedMs < CALM_MS[1];
    this.#calmMs = wasHasty ? Math.min(this.#calmMs * 2, CALM_MS[1]) : CALM_MS[0];
  }

  #end(): void {
    this.#cancelEnd = null;
    this.#blocks = null;
    this.#endedMs = this.#clock.now();
    this.#condition.end();
  }

  #write(phase: Phase, { count, durationMs, detail }: Course<Blocks>): void {
    if (this.#isDropped) return;
    const { firstMs, earlierMs, presentMs, longestMs, isOver, seen } = detail;
    const blockedMs = Math.round(earlierMs + presentMs);
    const fields = {
      event: 'loop-blocked',
      ...aboutWorker(this.#worker),
      phase,
      count,
      durationMs: blockedMs,
      ...{
        longestMs: Math.round(longestMs),
        stack: seen.stack,
        requests: seen.requests,
        waiting: seen.waiting,
      },
    } as const;
    const name = nameOf(this.#worker);
    const times = `${count} times within ${seconds(durationMs + firstMs)}, ${seconds(blockedMs)} in all, at most ${seconds(longestMs)}`;
    if (phase === 'ends') {
      const line = count === 1 ? `for ${seconds(blockedMs)}` : times;
      return this.#log.info(`${name}: its event loop turns again; it was blocked ${line}`, fields);
    }
    // It ends, unless another follows soon.
    if (phase === 'lasts' && isOver && count === 1) return;
    const verb = isOver ? 'was' : 'is';
    const how =
      count === 1
        ? `${verb} blocked, for ${seconds(blockedMs)}`
        : `${verb} blocked again and again: ${times}`;
    const line = `${name}: its event loop ${how}${isOver || count > 1 ? '' : ' so far'} (--stall-warning)`;
    this.#log.warning(
      line,
      phase === 'begins' || count > 1 ? { ...fields, lines: blockLines(seen) } : fields,
    );
  }
}
