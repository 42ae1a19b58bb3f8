import { isLogged } from '../../log/logger.ts';
import type { AnyRecord } from '../../log/records.ts';
import type { LogLevel } from '../../support/logger.ts';
import type { Controlled } from '../controlled.ts';
import { type Asked, Refusal, type Route } from '../route.ts';

const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warning', 'error', 'critical'];

/** The last records, and with `follow` each that comes, until the client leaves. */
function events(asked: Asked, { journal }: Controlled): object | Promise<object> {
  const least = levelOf(asked.query.get('level'));
  const isWanted = ({ level }: AnyRecord) => isLogged(level, least);
  const recent = journal.recent.filter(isWanted).map(plain);
  if (!asked.query.has('follow')) return { events: recent };
  const send = senderOf(asked.stream());
  return new Promise((resolve) => {
    const end = journal.follow((record) => {
      if (isWanted(record)) send(plain(record));
    });
    AbortSignal.any([asked.signal, journal.ended]).addEventListener('abort', () => {
      end();
      resolve({});
    });
  });
}

/** Sends lines; what the client does not read in time is counted, and it is told how much. */
export function senderOf(lines: ReturnType<Asked['stream']>): (line: object) => void {
  let lost = 0;
  return (line) => {
    if (lost > 0 && lines.send({ lost })) lost = 0;
    if (!lines.send(line)) lost += 1;
  };
}

/** The level of that name, or info. Throws a Refusal. */
export function levelOf(given: string | null): LogLevel {
  const level = LEVELS.find((one) => one === (given ?? 'info'));
  if (level !== undefined) return level;
  throw new Refusal(400, `level: expected one of ${LEVELS.join(', ')}, got "${given}"`);
}

/** A record as plain data: an error has its message and its stack. */
export function plain({ err, lines: _shown, ...record }: AnyRecord): object {
  if (err === undefined) return record;
  const { message, stack } = err instanceof Error ? err : { message: String(err), stack: undefined };
  return { ...record, err: { message, ...(stack === undefined ? {} : { stack }) } };
}

export const eventRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/v1/events',
    doc: 'The last records of the arbiter’s log ([log records](log-records.md)), from `?level` up; with `&follow` instead each that comes, a line each. What a client does not read beyond 1 MiB is left out: `{"lost":3}`.',
    handle: events,
  },
];
