import { isLogged } from '../../log/logger.ts';
import type { Followed } from '../../log/ring/ring-log.ts';
import type { ArbiterMessage } from '../../process/ipc/messages.ts';

/** Somebody who wants to know what a worker logs. */
export type LogFollower = Followed;

/** A worker that can be followed. */
export interface FollowedWorker {
  readonly logFollowers: Set<LogFollower>;
  send(message: ArbiterMessage): void;
}

/** Tells the worker what all who follow it want to know; nothing where nobody does. */
export function tellFollowed(worker: FollowedWorker): void {
  const [first, ...others] = worker.logFollowers;
  if (first === undefined) return worker.send({ tsunicorn: 'follow', followed: null });
  let { level, access } = first;
  for (const other of others) {
    if (!isLogged(other.level, level)) level = other.level;
    access ||= other.access;
  }
  worker.send({ tsunicorn: 'follow', followed: { level, access } });
}
