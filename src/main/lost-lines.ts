import type { LostFrom, LostLines } from '../arbiter/workers/lost-requests.ts';
import { aboutWorker } from '../log/about-worker.ts';
import { compileFormat } from '../log/access-format.ts';
import { lostEntry } from '../log/access-lost.ts';
import { Destination } from '../log/destination.ts';
import type { RecordLog } from '../log/records.ts';
import type { Say } from '../log/trouble.ts';
import type { ReportedFlight } from '../process/ipc/flights.ts';
import { codeOf, messageOf } from '../support/errors.ts';
import type { FollowingLog } from './logs.ts';

/** Writes the access lines of workers that were killed from outside. Opens the file each time, as the workers' user. */
export function lostLines(following: FollowingLog): LostLines {
  return {
    write(from, requests, reason) {
      let unwritten = { lost: 0, error: '' };
      try {
        const destination = openFor(from, (_level, _message, { lost = 0, error }) => {
          unwritten = { lost, error };
        });
        try {
          writeLines(from, requests, reason, { destination, following });
        } finally {
          destination?.close();
        }
        if (unwritten.lost > 0) sayLost(following.log, from, unwritten, unwritten.error);
      } catch (error) {
        const fields = { lost: requests.length, error: codeOf(error) ?? 'unknown' };
        sayLost(following.log, from, fields, messageOf(error));
      }
    },
    forward(from, lines) {
      if (!from.origin.loaded.settings.syslog) return;
      for (const line of lines) following.access(line, from.pid);
    },
  };
}

function writeLines(
  { origin, pid }: LostFrom,
  requests: readonly ReportedFlight[],
  reason: string,
  { destination, following }: { readonly destination: Destination | null; readonly following: FollowingLog },
): void {
  const { settings } = origin.loaded;
  const { line, shortLine } = compileFormat('--access-logformat', settings.accessLogformat);
  const limit = destination?.lineLimit ?? Number.POSITIVE_INFINITY;
  for (const request of requests) {
    const entry = lostEntry(request, Date.now() - request.startedMs, pid, reason);
    const text = line(entry);
    const short = text.length > limit ? shortLine(entry, limit) : text;
    destination?.write(short);
    if (settings.syslog) following.access(short.slice(0, -1), pid);
  }
}

function sayLost(
  log: RecordLog,
  from: LostFrom,
  { lost, error }: { readonly lost: number; readonly error: string },
  why: string,
): void {
  const file = from.origin.loaded.settings.accessLogfile ?? 'syslog';
  log.error(`Cannot write ${lost} access log line(s) of a dead worker to ${file}: ${why}`, {
    event: 'access-lines-lost',
    ...aboutWorker(from),
    ...{ lost, file, error },
  });
}

function openFor({ origin: { loaded, privileges } }: LostFrom, say: Say): Destination | null {
  const { accessLogfile: file, daemon } = loaded.settings;
  // The standard output of a daemon is /dev/null.
  if (file === null || (file === '-' && daemon)) return null;
  return new Destination({
    file,
    standard: 1,
    say,
    ...(privileges ? { open: (path: string) => privileges.openLog(path) } : {}),
  });
}
