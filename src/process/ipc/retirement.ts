/** Stop accepting, finish, exit within `graceMs`; with `emptyQueue` first take what the kernel has queued. */
export interface Retirement {
  readonly purpose: RetirePurpose;
  readonly emptyQueue: boolean;
  readonly graceMs: number;
}

/**
 * Why a worker retires. It decides how long its idle connections wait for a request: most of the grace where others serve
 * (`replace`), a few seconds where it should be gone soon all the same (`hurry`), a second where the service stops (`stop`).
 * A worker that is retiring already takes the more urgent purpose; nothing else changes.
 */
export type RetirePurpose = (typeof PURPOSES)[number];

const PURPOSES = ['replace', 'hurry', 'stop'] as const;

/** The more urgent of two purposes. */
export function moreUrgent(one: RetirePurpose, other: RetirePurpose): RetirePurpose {
  return PURPOSES.indexOf(other) > PURPOSES.indexOf(one) ? other : one;
}
