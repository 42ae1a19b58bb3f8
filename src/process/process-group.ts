import { codeOf } from '../support/errors.ts';

/** Sends a signal to each process of a group, 0 to none; returns whether the group has any process. */
export type SignalGroup = (group: number, signal: NodeJS.Signals | 0) => boolean;

/** As kill(2) does it. */
export const signalGroup: SignalGroup = (group, signal) => {
  try {
    process.kill(-group, signal);
    return true;
  } catch (error) {
    // EPERM: there are some, of another user.
    return codeOf(error) === 'EPERM';
  }
};
