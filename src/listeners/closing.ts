/** How a socket is closed that another arbiter may use too. */
export interface Closing {
  /**
   * Releases the socket and unlinks a path that is still ours; idempotent. While another arbiter uses the socket this is
   * put off: the path belongs to the last of them.
   */
  close(): void;
  /** Whether another arbiter uses the socket, whose workers accept from its queue too. */
  isShared(): boolean;
  /** Tells whether another arbiter uses the socket. When it no longer does, a close that was put off happens. */
  setShared(shared: boolean): void;
}

type State = 'open' | 'shared' | 'put off' | 'closed';

/** A Closing that calls `act` once to release the socket. */
export function closing(act: () => void): Closing {
  let state: State = 'open';
  return {
    close() {
      if (state === 'shared') state = 'put off';
      if (state !== 'open') return;
      state = 'closed';
      act();
    },
    isShared: () => state === 'shared' || state === 'put off',
    setShared(shared) {
      if (shared && state === 'open') state = 'shared';
      if (shared || (state !== 'shared' && state !== 'put off')) return;
      const wasPutOff = state === 'put off';
      state = wasPutOff ? 'closed' : 'open';
      if (wasPutOff) act();
    },
  };
}
