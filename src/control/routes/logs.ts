import type { LogFollower } from '../../arbiter/workers/log-follower.ts';
import { tellFollowed } from '../../arbiter/workers/log-follower.ts';
import type { Followed, Logged } from '../../log/follower.ts';
import { isLogged } from '../../log/logger.ts';
import type { AnyRecord } from '../../log/records.ts';
import type { Controlled, WorkerView } from '../controlled.ts';
import type { Asked, Route } from '../route.ts';
import { levelOf, plain } from './events.ts';

/** A line of an answer: a record, lines of the access log, or how much was left out. */
interface Sender {
  send(line: object): void;
}

/** What is logged by the arbiter and the workers, as it is, until the client leaves. */
function logs(asked: Asked, service: Controlled): object | Promise<object> {
  const { query, signal } = asked;
  const slot = query.get('worker');
  const level = levelOf(query.get('level'));
  const isWanted = (record: AnyRecord) => isLogged(record.level, level) && isAbout(record, slot);
  const sender = senderOf(asked.stream());
  for (const record of service.journal.recent.filter(isWanted)) sender.send(plain(record));
  if (!query.has('follow')) return {};
  const ends = [
    service.journal.follow((record) => {
      if (isWanted(record)) sender.send(plain(record));
    }),
    followWorkers(service, { level, access: query.has('access') }, (worker, line) => {
      if (slot === null || `${worker.slot}` === slot) sender.send(line);
    }),
  ];
  return new Promise((resolve) => {
    AbortSignal.any([signal, service.journal.ended]).addEventListener('abort', () => {
      for (const end of ends) end();
      resolve({});
    });
  });
}

/** Whether the record is about a worker of that slot, where one is given. */
function isAbout(record: AnyRecord, slot: string | null): boolean {
  return slot === null || ('worker' in record && `${record.worker?.slot}` === slot);
}

function senderOf(lines: ReturnType<Asked['stream']>): Sender {
  let lost = 0;
  return {
    send(line) {
      if (lost > 0 && lines.send({ lost })) lost = 0;
      if (!lines.send(line)) lost += 1;
    },
  };
}

/** Has every worker, and each that comes, send what it logs. Returns what ends that. */
export function followWorkers(
  { workers, journal }: Controlled,
  followed: Followed,
  heard: (worker: WorkerView, line: object) => void,
): () => void {
  const followers = new Map<WorkerView, LogFollower>();
  const begin = (worker: WorkerView) => {
    const tell = (logged: Logged) => {
      for (const line of linesOf(logged, followed))
        heard(worker, { ...line, pid: worker.pid, slot: worker.slot });
    };
    const follower = { ...followed, heard: tell };
    followers.set(worker, follower);
    worker.logFollowers.add(follower);
    tellFollowed(worker);
  };
  const look = () => {
    const living = new Set(workers());
    for (const worker of living)
      if (!followers.has(worker) && worker.state.name !== 'spawning') begin(worker);
    for (const worker of followers.keys()) if (!living.has(worker)) followers.delete(worker);
  };
  look();
  const end = journal.watch(look);
  return () => {
    end();
    for (const [worker, follower] of followers) {
      worker.logFollowers.delete(follower);
      tellFollowed(worker);
    }
  };
}

/** Another may follow it too, and want to know more. */
function linesOf({ records, lines, lost }: Logged, { level, access }: Followed): readonly object[] {
  return [
    ...records.filter((record) => isLogged(record.level, level)),
    ...(access ? lines.map((line) => ({ access: line })) : []),
    ...(lost > 0 ? [{ lost }] : []),
  ];
}

export const logRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/v1/logs',
    doc: 'The last records of the arbiter, and with `&follow` what the arbiter and the workers log from then on, a line each, from `?level` up; with `&worker=0` of one slot, with `&access` also `{"access":"…"}`, the lines of the access log. What a worker or a client cannot pass on in time is left out: `{"lost":3}`.',
    handle: logs,
  },
];
