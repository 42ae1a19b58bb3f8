import { Condition, type Course, type Phase } from '../log/condition.ts';
import type { Clock } from '../support/clock.ts';
import { seconds } from '../support/duration.ts';
import type { Blocked, BlockSeen, Unblocked } from './ipc/blocks.ts';

/**
 * How long a loop has to run before it counts as blocked no longer: longer than it takes to notice the next block. Where it
 * blocks again soon, the next end waits twice as long, up to the second value.
 */
const CALM_MS = [2000, 60_000] as const;

/** A series of blocks that follow each other soon; the present one is counted apart from those before it. */
interface Blocks {
  /** How long the first one had lasted when it was noticed. */
  readonly firstMs: number;
  readonly earlierMs: number;
  readonly longestMs: number;
  readonly presentMs: number;
  readonly isOver: boolean;
  readonly seen: BlockSeen;
}

const NOTHING: BlockSeen = { stack: null, requests: [], waiting: 0 };

/** What a record of a blocked loop has, whoever writes it. */
export interface BlockFields {
  readonly event: 'loop-blocked';
  readonly phase: Phase;
  readonly count: number;
  readonly durationMs: number;
  readonly longestMs: number;
  readonly stack: BlockSeen['stack'];
  readonly requests: BlockSeen['requests'];
  readonly waiting: number;
  readonly lines?: readonly string[];
}

export interface BlockedLoopOptions {
  readonly clock: Clock;
  /** Whose loop it is, as its lines begin. */
  readonly name: string;
  /** What is seen when it begins, for people. */
  readonly describe: (seen: BlockSeen) => readonly string[];
  readonly say: (level: 'warning' | 'info', message: string, fields: BlockFields) => void;
}

/** Logs that one event loop is blocked, at intervals while that lasts, and when it runs again. */
export class BlockedLoop {
  readonly #options: BlockedLoopOptions;
  readonly #condition: Condition<Blocks>;
  #blocks: Blocks | null = null;
  #calmMs: number = CALM_MS[0];
  #endedMs = Number.NEGATIVE_INFINITY;
  #cancelEnd: (() => void) | null = null;
  #isDropped = false;

  constructor(options: BlockedLoopOptions) {
    this.#options = options;
    const { clock } = options;
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
    if (this.#blocks.isOver) this.#cancelEnd = this.#options.clock.after(this.#calmMs, () => this.#end());
  }

  /** Nothing more is to be said of it. */
  drop(): void {
    this.#isDropped = true;
    this.#cancelEnd?.();
    this.#condition.end();
  }

  #becomePatient(): void {
    const wasHasty = this.#options.clock.now() - this.#endedMs < CALM_MS[1];
    this.#calmMs = wasHasty ? Math.min(this.#calmMs * 2, CALM_MS[1]) : CALM_MS[0];
  }

  #end(): void {
    this.#cancelEnd = null;
    this.#blocks = null;
    this.#endedMs = this.#options.clock.now();
    this.#condition.end();
  }

  #write(phase: Phase, { count, durationMs, detail }: Course<Blocks>): void {
    if (this.#isDropped) return;
    const { name, describe, say } = this.#options;
    const { firstMs, earlierMs, presentMs, longestMs, isOver, seen } = detail;
    const blockedMs = Math.round(earlierMs + presentMs);
    const fields: BlockFields = {
      event: 'loop-blocked',
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
    const times = `${count} times within ${seconds(durationMs + firstMs)}, ${seconds(blockedMs)} in all, at most ${seconds(longestMs)}`;
    if (phase === 'ends') {
      const line = count === 1 ? `for ${seconds(blockedMs)}` : times;
      return say('info', `${name}: its event loop runs again; it was blocked ${line}`, fields);
    }
    // The block is over; the record of the end follows, unless the loop blocks again.
    if (phase === 'lasts' && isOver && count === 1) return;
    const verb = isOver ? 'was' : 'is';
    const how =
      count === 1
        ? `${verb} blocked, for ${seconds(blockedMs)}`
        : `${verb} blocked again and again: ${times}`;
    const line = `${name}: its event loop ${how}${isOver || count > 1 ? '' : ' so far'} (--stall-warning)`;
    say('warning', line, phase === 'begins' || count > 1 ? { ...fields, lines: describe(seen) } : fields);
  }
}
