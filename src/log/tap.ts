import type { LogFields, Logger, LogLevel } from '../support/logger.ts';
import { both } from './both.ts';
import type { AnyRecord } from './records.ts';

/** A log of which each record of ours is handed to `took` as well, whatever its level. */
export function tapped(log: Logger, took: (record: AnyRecord) => void): Logger {
  return both(log, recordsOf(took));
}

/** Takes lines of a log, and hands each one that is a record of ours to `took`. */
export function recordsOf(
  took: (record: AnyRecord) => void,
): (level: LogLevel, message: string, fields: LogFields | undefined) => void {
  return (level, message, fields) => {
    // Our own records have the fields that are declared for their event; what a hook logs has none.
    if (fields?.event !== undefined)
      took({ ...fields, level, message, time: new Date() } as unknown as AnyRecord);
  };
}
