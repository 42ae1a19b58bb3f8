import type { LostFrom, LostLines } from '../arbiter/lost-requests.ts';
import { codeOf, messageOf } from '../errors.ts';
import { aboutWorker } from '../log/about-worker.ts';
import { compileFormat } from '../log/access-format.ts';
import { lostEntry } from '../log/access-lost.ts';
import { Destination } from '../log/destination.ts';
import type { RecordLog } from '../log/records.ts';
import type { FollowingLog } from './logs.ts';

/** What writes the lines of workers that were killed from outside. The file is opened for them as its user, each time anew. */
export function lostLines(following: FollowingLog): LostLines {
  const log: RecordLog = following.log;
  return {
    write(from, requests, reason) {
      try {
        const { settings } = from.origin.loaded;
        const { line, shortLine } = compileFormat('--access-logformat', settings.accessLogformat);
        const destination = openFor(from);
        const limit = destination?.lineLimit ?? Number.POSITIVE_INFINITY;
        for (const request of requests) {
          const entry = lostEntry(request, Date.now() - request.startedMs, from.pid, reason);
          const text = line(entry);
          const short = text.length > limit ? shortLine(entry, limit) : text;
          destination?.write(short);
          if (settings.syslog) following.access(short.slice(0, -1), from.pid);
        }
        destination?.close();
      } catch (error) {
        const file = from.origin.loaded.settings.accessLogfile ?? 'syslog';
        log.error(
          `Cannot write the lines of ${requests.length} request(s) of a worker that has died into ${file}: ${messageOf(error)}`,
          {
            event: 'access-lines-lost',
            ...aboutWorker(from),
            ...{ lost: requests.length, file, error: codeOf(error) ?? 'unknown' },
          },
        );
      }
    },
    forward(from, lines) {
      if (!from.origin.loaded.settings.syslog) return;
      for (const line of lines) following.access(line, from.pid);
    },
  };
}

function openFor({ origin: { loaded, privileges } }: LostFrom): Destination | null {
  const { accessLogfile: file, daemon } = loaded.settings;
  // What a daemon writes to its standard output is for nobody.
  if (file === null || (file === '-' && daemon)) return null;
  return new Destination({
    file,
    standard: 1,
    ...(privileges ? { open: (path: string) => privileges.openLog(path) } : {}),
  });
}
