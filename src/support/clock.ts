/** Monotonic time in milliseconds and timers, injected so that the arbiter's decisions can be tested without waiting. */
export interface Clock {
  now(): number;
  /** Calls `fire` once after `ms`; the returned function cancels it. */
  after(ms: number, fire: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  after(ms, fire) {
    const timer = setTimeout(fire, ms);
    return () => clearTimeout(timer);
  },
};

/** The same, with timers that do not keep the process alive. */
export const backgroundClock: Clock = {
  now: systemClock.now,
  after(ms, fire) {
    const timer = setTimeout(fire, ms).unref();
    return () => clearTimeout(timer);
  },
};

/** Calls `act` every `ms`, for the first time after the first of them; the returned function stops that. */
export function every(clock: Clock, ms: number, act: () => void): () => void {
  let cancel = () => {};
  const arm = () => {
    cancel = clock.after(ms, () => {
      arm();
      act();
    });
  };
  arm();
  return () => cancel();
}
