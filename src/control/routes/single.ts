import type { LogLevel } from '../../support/logger.ts';
import type { Controlled } from '../controlled.ts';
import { type Asked, Refusal, type Route } from '../route.ts';
import { tell, telling } from '../tell.ts';
import { until, wantsWait } from '../until.ts';
import { workerIn } from './workers.ts';

const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warning', 'error', 'critical'];

async function restart(asked: Asked, service: Controlled): Promise<object> {
  const { age, slot, pid } = workerIn(service, asked.params.slot);
  await tell(service, { name: 'restart', age });
  if (!wantsWait(asked)) return { outcome: 'begun', slot, pid };
  const successor = () =>
    service.workers().find((worker) => worker.slot === slot && worker.age > age && worker.pid > 0);
  return until(asked, asked.stream(), service, {
    look: () => {
      const next = successor();
      return next?.state.name === 'ready' ? { outcome: 'ready', slot, pid: next.pid } : null;
    },
    progress: () => {
      const next = successor();
      return next === undefined
        ? null
        : `slot ${slot}: the next worker (pid ${next.pid}) is ${next.state.name}`;
    },
  });
}

async function kill({ params }: Asked, service: Controlled): Promise<object> {
  const { age, slot, pid } = workerIn(service, params.slot);
  await tell(service, { name: 'kill', age });
  return { outcome: 'begun', slot, pid };
}

async function logLevel({ query }: Asked, service: Controlled): Promise<object> {
  const given = query.get('level') ?? '';
  const level = LEVELS.find((one) => one === given);
  if (level === undefined)
    throw new Refusal(400, `log-level: expected one of ${LEVELS.join(', ')}, got "${given}"`);
  await tell(service, { name: 'logLevel', level });
  return { outcome: 'done', level };
}

export const singleRoutes: readonly Route[] = [
  {
    method: 'POST',
    path: '/v1/workers/:slot/restart',
    doc: 'Replaces one worker: it retires when its replacement is ready. `?wait`.',
    handle: restart,
  },
  {
    method: 'POST',
    path: '/v1/workers/:slot/kill',
    doc: 'Ends the process of one worker at once.',
    handle: kill,
  },
  {
    method: 'POST',
    path: '/v1/reopen',
    doc: 'Opens the log files again.',
    handle: telling({ name: 'reopen' }, 'done'),
  },
  {
    method: 'POST',
    path: '/v1/log-level',
    doc: 'Logs from `?level` up, until the next reload.',
    handle: logLevel,
  },
  {
    method: 'GET',
    path: '/v1/config',
    doc: 'Every setting, its value and its origin; secrets are masked.',
    handle: async (_asked, service) => ({ settings: await service.config() }),
  },
];
