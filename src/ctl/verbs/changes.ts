import { Failure, STATUS } from '../failure.ts';
import type { Call, Exit, Flag, Operand, Verb } from '../verb.ts';
import { change, changed, queryOf, TIMED_OUT, untilGone, WAIT_FLAGS } from './change.ts';

/** A worker, by its place. */
export const SLOT: Operand = {
  name: 'SLOT',
  doc: 'the slot of a worker, as `workers` lists them, or its process id',
  offers: 'slots',
};

const UNDONE: Exit = {
  status: STATUS.undone,
  doc: 'with `--wait`: undone; what served before keeps serving',
};

const FINISH: Flag = {
  name: '--finish',
  doc: 'stop the old arbiter as soon as the new one serves; also for an upgrade that serves already',
};

function path(slot: string | undefined, what: string): string {
  return `/v1/workers/${encodeURIComponent(slot ?? '')}/${what}`;
}

const reload: Verb = {
  name: 'reload',
  summary: 'reload the configuration and the application',
  doc: 'As HUP. With `--wait` it ends with 0 when every worker of the new generation serves. While another reload is under way it follows that one, or takes its place.',
  flags: WAIT_FLAGS,
  exits: [UNDONE, TIMED_OUT],
  run: async (call) =>
    change(call, await call.service(), `/v1/reload${queryOf(call)}`, ({ outcome, generation }) =>
      outcome === 'ready' ? `generation ${generation} serves` : 'the reload has begun',
    ),
};

const scale: Verb = {
  name: 'scale',
  summary: 'change the number of workers, until the next reload that changes it',
  operands: [{ name: 'N', doc: 'how many workers; +N and -N are added to their number' }],
  flags: WAIT_FLAGS,
  exits: [TIMED_OUT],
  run: async (call) =>
    change(
      call,
      await call.service(),
      `/v1/scale${queryOf(call, { count: call.operands[0] ?? '' })}`,
      ({ outcome, workers }) =>
        outcome === 'ready' ? `workers: ${workers}, all ready` : `workers: ${workers} wanted`,
    ),
};

const restart: Verb = {
  name: 'restart',
  summary: 'replace one worker: it retires when its replacement is ready',
  operands: [SLOT],
  flags: WAIT_FLAGS,
  exits: [TIMED_OUT],
  run: async (call) =>
    change(
      call,
      await call.service(),
      `${path(call.operands[0], 'restart')}${queryOf(call)}`,
      ({ outcome, slot, pid }) =>
        outcome === 'ready'
          ? `slot ${slot}: worker ${pid} serves`
          : `slot ${slot}: worker ${pid} is replaced`,
    ),
};

const kill: Verb = {
  name: 'kill',
  summary: 'end the process of one worker at once, as with kill -9; another takes its place',
  doc: 'The access lines of its requests are written first. The end of a worker that boots is a failure to boot: of the first worker of a reload it undoes that reload.',
  operands: [SLOT],
  run: async (call) =>
    change(
      call,
      await call.service(),
      path(call.operands[0], 'kill'),
      ({ slot, pid }) => `slot ${slot ?? '-'}: worker ${pid} is killed`,
    ),
};

const upgrade: Verb = {
  name: 'upgrade',
  summary: 'start a new arbiter, with the tsunicorn and the Node that are installed now',
  doc: 'As USR2. With `--wait` it ends with 0 when all workers of the new arbiter serve. Then both arbiters serve, until `upgrade --finish` ends the old one or `rollback` the new one.',
  flags: [...WAIT_FLAGS, FINISH],
  exits: [UNDONE, TIMED_OUT],
  run: async (call) =>
    change(
      call,
      await call.service(),
      `/v1/upgrade${queryOf(call, call.flags.has('--finish') ? { finish: '' } : {})}`,
      ({ outcome, arbiter }) => {
        if (outcome !== 'ready') return 'the upgrade has begun';
        return arbiter === undefined ? 'the old arbiter stops' : `the new arbiter (pid ${arbiter}) serves`;
      },
    ),
};

const rollback: Verb = {
  name: 'rollback',
  summary: 'stop the new arbiter of an upgrade: the old one keeps serving',
  run: async (call) =>
    change(
      call,
      await call.service(),
      '/v1/rollback',
      ({ arbiter }) => `the new arbiter (pid ${arbiter}) is told to stop`,
    ),
};

/** What a command says of itself: once all of it is done, and when it has merely begun. */
interface Words {
  readonly summary: string;
  readonly done: string;
  readonly begun: string;
}

/** A command without operands that can be waited for. */
function waitable(name: string, { summary, done, begun }: Words): Verb {
  return {
    name,
    summary,
    flags: WAIT_FLAGS,
    exits: [TIMED_OUT],
    run: async (call) =>
      change(call, await call.service(), `/v1/${name}${queryOf(call)}`, ({ outcome }) =>
        outcome === 'ready' ? done : begun,
      ),
  };
}

const pause = waitable('pause', {
  summary: 'retire the workers and hold the sockets: requests wait in their queues until resume',
  done: 'paused',
  begun: 'the workers finish their requests',
});

const resume = waitable('resume', {
  summary: 'start the workers again after pause',
  done: 'all workers serve',
  begun: 'the workers are started',
});

const drain: Verb = {
  name: 'drain',
  summary: 'be not ready for load balancers, and serve on until stop',
  doc: '`/readyz` and the ready path answer 503 from now on. It cannot be taken back: what follows is `stop`.',
  run: async (call) => change(call, await call.service(), '/v1/drain', () => 'draining; stop ends it'),
};

const QUICK: Flag = { name: '--quick', doc: 'without waiting for requests, as INT' };

const stop: Verb = {
  name: 'stop',
  summary: 'stop the service: its workers finish their requests first',
  doc: 'As TERM. With `--wait` it ends when the arbiter has ended.',
  flags: [...WAIT_FLAGS, QUICK],
  exits: [TIMED_OUT],
  run: stopService,
};

async function stopService(call: Call): Promise<number> {
  const client = await call.service();
  const { pid } = await client.status({ signal: call.signal });
  const query = queryOf(call, call.flags.has('--quick') ? { quick: '' } : {});
  const said = () => 'the service stops';
  if (!call.flags.has('--wait')) return change(call, client, `/v1/stop${query}`, said);
  try {
    const { outcome } = await changed(call, client, `/v1/stop${query}`);
    if (outcome === 'timeout') throw new Failure(STATUS.timedOut, 'timed out; it goes on');
  } catch (error) {
    // An arbiter that is killed ends its connections.
    if (!(error instanceof Failure) || error.status !== STATUS.noService) throw error;
  }
  await untilGone(pid, call);
  call.out.line(call.json ? JSON.stringify({ schema: 1, outcome: 'done', pid }) : 'stopped');
  return STATUS.done;
}

const reopen: Verb = {
  name: 'reopen',
  summary: 'open the log files again, after logrotate has moved them',
  run: async (call) =>
    change(call, await call.service(), '/v1/reopen', () => 'the log files are opened again'),
};

/** What changes the service. */
export const changes: readonly Verb[] = [
  ...[reload, scale, restart, kill, reopen, upgrade, rollback, pause, resume, drain, stop],
];
