import type { Logger } from '../support/logger.ts';
import { both } from './both.ts';
import type { Follower } from './follower.ts';

/** A log of which each line goes to `follower` as well, while there is one. */
export function followedLog(log: Logger, follower: () => Follower | null): Logger {
  return both(log, (level, message, fields) => follower()?.record(level, message, fields));
}
