import { Conditions } from '../../log/conditions.ts';
import { isStopped } from '../../process/process-state.ts';
import { counted } from '../../support/text.ts';
import { type Check, errorsOf, type Finding, fine, type Patient } from './finding.ts';

const RECENT_MS = 600_000;
const AGAIN = 3;

/** Whether enough workers serve. */
export const workers: Check = ({ status }) => {
  const { wanted, ready } = status.workers;
  const check = 'workers';
  if (wanted === 0)
    return [
      {
        ...{ check, severity: 'warning', message: 'the service is paused: requests wait in the queue' },
        cure: 'tsunicornctl resume, if nobody works on the host',
      },
    ];
  if (status.phase === 'draining')
    return [
      {
        ...{ check, severity: 'warning', message: 'the service drains: load balancers get no new clients' },
        cure: 'wait for its end, or find who asked for it: tsunicornctl logs',
      },
    ];
  if (ready === wanted) return fine(check, `${ready} of ${wanted} serve`);
  const message = ready === 0 ? `none of ${wanted} serves` : `only ${ready} of ${wanted} serve`;
  return [
    {
      ...{ check, severity: ready === 0 ? 'critical' : 'warning', message },
      cure: 'tsunicornctl logs --level error has the reason of each failed start',
    },
  ];
};

/** Processes that are stopped from outside, and event loops that do not turn. */
export const loops: Check = (patient) => {
  const { processes } = patient.status;
  const stopped = processes.filter(({ pid, state }) => pid > 0 && state !== 'spawning' && isStopped(pid));
  const silent = processes.filter(
    (one) => one.state === 'ready' && one.blockedMs !== null && !stopped.includes(one),
  );
  const known = new Set(blockedSlots(patient));
  const found = [
    ...stopped.map(({ pid, slot }): Finding => {
      const message = `worker ${pid} in slot ${slot} is stopped, by SIGSTOP or a debugger: it serves nobody`;
      return { check: 'stopped', severity: 'critical', message, cure: `kill -CONT ${pid}` };
    }),
    ...silent
      .filter(({ slot }) => !known.has(slot))
      .map(({ pid, slot, blockedMs }): Finding => {
        const message = `the event loop of worker ${pid} in slot ${slot} has been blocked for ${Math.round((blockedMs ?? 0) / 1000)} s`;
        return {
          ...{ check: 'event loops', severity: 'critical', message },
          cure: `tsunicornctl stack ${slot}; tsunicornctl requests`,
        };
      }),
  ];
  return found.length === 0 ? fine('event loops', 'all turn') : found;
};

/** Those whose block is in the log already. */
function blockedSlots({ service }: Patient): readonly (number | null)[] {
  return present(service.journal.recent).flatMap(({ record }) =>
    record.event === 'loop-blocked' ? [record.worker.slot] : [],
  );
}

/** What lasts now, by these records. */
export function present(records: Patient['service']['journal']['recent']): Conditions['all'] {
  const conditions = new Conditions();
  for (const record of records) conditions.took(record, record.time.getTime());
  return conditions.all;
}

const CURES: Readonly<Record<string, string>> = {
  oom: 'memory of each worker: a rise without end is a leak (--max-memory, tsunicornctl heap SLOT); at once: fewer workers, a higher limit',
  stall:
    'the stack and the requests are in the log: tsunicornctl logs --level warning; raise --timeout only if that work must be',
  silent: 'as of a blocked event loop, in native code: tsunicornctl logs --level warning',
  exit: 'the log names the place of the call of process.exit',
  uncaught: 'the stack is in the log: tsunicornctl logs --level error',
  crash: 'native code: an addon, or Node itself; leave out the addon that was updated last',
  abort: 'V8 or native code has given up: the log has its last words',
  signal: 'somebody else kills workers: the kernel (dmesg), another supervisor, a person',
  boot: 'tsunicornctl logs --level error has the stack; put the old code back and reload',
  'boot-timeout': 'something does not answer at the start (a database, DNS); --boot-timeout',
};

/** Workers that ended without being told to. */
export const deaths: Check = ({ service, nowMs, logged }) => {
  const records = service.journal.recent.flatMap((record) => {
    const isOne = record.event === 'worker-exited' && record.cause in CURES;
    return isOne && nowMs - record.time.getTime() < RECENT_MS ? [record] : [];
  });
  const last = records.at(-1);
  if (last === undefined) return fine('deaths', 'no worker has died in the last 10 minutes');
  const often = records.length >= AGAIN ? 'workers die again and again: ' : '';
  return [
    {
      check: 'deaths',
      severity: records.length >= AGAIN ? 'critical' : 'warning',
      message: `${often}${counted(records.length, 'death')} in the last 10 minutes; the last: ${last.message}${lastWords({ logged }, last.worker.pid)}`,
      cure: CURES[last.cause] ?? 'tsunicornctl logs --level error',
    },
  ];
};

/** Workers that could not be started, and that are missing for it. */
export const boots: Check = ({ service, status, nowMs }) => {
  const { wanted, ready } = status.workers;
  if (ready >= wanted) return [];
  const records = service.journal.recent.flatMap((record) =>
    record.event === 'boot-failed' && nowMs - record.time.getTime() < RECENT_MS ? [record] : [],
  );
  const last = records.at(-1);
  if (last === undefined) return [];
  return [
    {
      check: 'boots',
      severity: ready === 0 ? 'critical' : 'warning',
      message: `${counted(records.length, 'start')} of a worker failed in the last 10 minutes; the last: ${last.message}`,
      cure: 'tsunicornctl logs --level error has the stack; put the old code back, then tsunicornctl reload --wait ends the delay of the next start',
    },
  ];
};

/** The error that a worker has logged itself before it ended. */
function lastWords(patient: Pick<Patient, 'logged'>, pid: number | null): string {
  const last = errorsOf(patient).findLast((line) => line.pid === pid && 'stack' in line);
  const [error] = last !== undefined && 'stack' in last ? (last.stack ?? '').split('\n') : [];
  return error === undefined || error === '' ? '' : `: ${error}`;
}

/** Reloads and upgrades that came to nothing, or are not over. */
export const changes: Check = ({ status }) => {
  const { reload, role } = status;
  const found: Finding[] = [];
  if (reload.lastFailure !== null)
    found.push({
      check: 'reload',
      severity: 'warning',
      message: `the last reload changed nothing, and the code before it serves on: ${reload.lastFailure}`,
      cure: 'mend it, then tsunicornctl reload --wait',
    });
  if (role !== 'only')
    found.push({
      check: 'upgrade',
      severity: 'notice',
      message: `an upgrade is not over: two arbiters serve, and this is the ${role} one`,
      cure: 'tsunicornctl upgrade --finish, or tsunicornctl rollback',
    });
  return found.length === 0 ? fine('reload', 'nothing was refused') : found;
};
