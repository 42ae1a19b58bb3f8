/** How many rounds a piece takes: as many as it has time for, from `least` to `most`. */
export interface Rounds {
  readonly least: number;
  readonly most: number;
}

/** One run of a piece: its rounds, its time, and what it has to leave out. */
export class Course {
  /** What was left out, and why, a line each. */
  readonly leftOut: string[] = [];
  readonly #rounds: Rounds;
  readonly #untilMs: number;
  readonly #now: () => number;
  readonly #show: (round: number) => void;

  /** `untilMs` is a time of `now`; Infinity where all rounds are wanted. */
  constructor(
    rounds: Rounds,
    untilMs = Number.POSITIVE_INFINITY,
    now: () => number = () => performance.now(),
    show: (round: number) => void = () => {},
  ) {
    this.#rounds = rounds;
    this.#untilMs = untilMs;
    this.#now = now;
    this.#show = show;
  }

  /** The numbers of the rounds. After the least of them one more begins only if the longest so far would still fit. */
  *rounds(): Generator<number> {
    const { least, most } = this.#rounds;
    let longestMs = 0;
    for (let round = 0; round < most; round += 1) {
      const startedMs = this.#now();
      if (round >= least && startedMs + longestMs > this.#untilMs) return;
      this.#show(round + 1);
      yield round;
      longestMs = Math.max(longestMs, this.#now() - startedMs);
    }
  }

  /** Whether its time is over. What has no rounds stops then at what it has. */
  get isOver(): boolean {
    return this.#now() > this.#untilMs;
  }

  /** Something is not measured, and the rest is. */
  leave(what: string, why: unknown): void {
    this.leftOut.push(`${what}: ${why instanceof Error ? why.message : why}`);
  }
}

/** How long a piece is expected to take, in milliseconds: with the least of its rounds, and with all of them. */
export interface Expected {
  readonly leastMs: number;
  readonly mostMs: number;
}

/**
 * How much of `leftMs` the first of these pieces may take: what it needs at least, and of what is over after the least of all
 * of them a part as large as its wish for more is among theirs.
 */
export function shareOf(leftMs: number, pieces: readonly Expected[]): number {
  const [first] = pieces;
  if (first === undefined) return 0;
  const sum = (read: (one: Expected) => number) => pieces.reduce((total, one) => total + read(one), 0);
  const wish = ({ leastMs, mostMs }: Expected) => mostMs - leastMs;
  const over = Math.max(0, leftMs - sum(({ leastMs }) => leastMs));
  const wishes = sum(wish);
  return first.leastMs + (wishes === 0 ? 0 : over * (wish(first) / wishes));
}
