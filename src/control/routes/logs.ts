import { isLogged } from '../../log/logger.ts';
import type { AnyRecord } from '../../log/records.ts';
import type { Controlled } from '../controlled.ts';
import type { Asked, Route } from '../route.ts';
import { WorkerLogs } from '../worker-logs.ts';
import { levelOf, plain, senderOf } from './events.ts';

/** What is logged by the arbiter and the workers, as it is, until the client leaves. */
function logs(asked: Asked, service: Controlled): object | Promise<object> {
  const { query, signal } = asked;
  const { journal } = service;
  const slot = query.get('worker');
  const level = levelOf(query.get('level'));
  const send = senderOf(asked.stream());
  const ofWorkers = new WorkerLogs(service, { level, access: query.has('access') });
  const isOf = (line: { readonly slot: number | null }) => slot === null || `${line.slot}` === slot;
  const isWanted = (record: AnyRecord) => isLogged(record.level, level) && isAbout(record, slot);
  const before = [
    ...journal.recent.filter(isWanted).map((record) => ({ time: record.time, line: plain(record) })),
    ...ofWorkers
      .recent()
      .filter(isOf)
      .map((line) => ({ time: new Date(line.time), line })),
  ];
  for (const { line } of before.toSorted((one, other) => one.time.getTime() - other.time.getTime()))
    send(line);
  if (!query.has('follow')) return {};
  const ends = [
    journal.follow((record) => {
      if (isWanted(record)) send(plain(record));
    }),
    ofWorkers.follow((line) => {
      if (isOf(line)) send(line);
    }),
  ];
  return new Promise((resolve) => {
    AbortSignal.any([signal, journal.ended]).addEventListener('abort', () => {
      for (const end of ends) end();
      resolve({});
    });
  });
}

/** Whether the record is about a worker of that slot, where one is given. */
function isAbout(record: AnyRecord, slot: string | null): boolean {
  return slot === null || ('worker' in record && `${record.worker?.slot}` === slot);
}

export const logRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/v1/logs',
    doc: 'The last records of the arbiter and of the workers, also of those that hang or have ended, and with `&follow` each that comes, a line each, from `?level` up; with `&worker=0` of one slot, with `&access` also `{"access":"…"}`, the lines of the access log from then on. What is overwritten before it is read, or a client does not read in time, is left out: `{"lost":3}`.',
    handle: logs,
  },
];
