import type { ArbiterEvent, ProcessEnd } from '../../src/arbiter/events.ts';
import { isBooting } from '../../src/arbiter/policy/worker-state.ts';
import type { ObservedWorld } from './observed-world.ts';
import type { Transition } from './watched.ts';

/** Which events came in which states, how often, and in which schedule first. */
export class Coverage {
  readonly hits = new Map<string, { count: number; seed: number }>();

  took(world: ObservedWorld, event: ArbiterEvent): void {
    const { intent, reload, upgrade, holdsStop } = world.arbiter.steps;
    const mode = intent.name === 'stopping' ? `stopping ${intent.mode}` : intent.name;
    for (const what of serviceEvents(world, event)) this.#hit(world, `service: ${mode} × ${what}`);
    for (const what of reloadEvents(world, event)) this.#hit(world, `reload: ${reload} × ${what}`);
    const step = holdsStop ? `${upgrade}, stop waits` : upgrade;
    for (const what of upgradeEvents(event)) this.#hit(world, `upgrade: ${step} × ${what}`);
    if (event.type !== 'message' && event.type !== 'exit') return;
    const worker = world.workers[event.worker - 1];
    if (!worker || worker.state.name === 'exited') return;
    const what = event.type === 'exit' ? endOf(event.end) : event.message.tsunicorn;
    this.#hit(world, `worker: ${stateOf(worker.state)} × ${what}`);
  }

  /** What the arbiter itself did to a worker. */
  changed(world: ObservedWorld, { from, to }: Transition): void {
    if (to.name !== from.name && to.name !== 'exited') this.#hit(world, `worker: ${from.name} → ${to.name}`);
  }

  #hit({ seed }: ObservedWorld, pair: string): void {
    const hit = this.hits.get(pair) ?? { count: 0, seed };
    hit.count++;
    this.hits.set(pair, hit);
  }
}

function stateOf(state: ObservedWorld['workers'][number]['state']): string {
  return state.name === 'ready' && state.outgoing !== null ? 'outgoing' : state.name;
}

function endOf(end: ProcessEnd): string {
  return end.how === 'unstarted' ? 'unstarted' : `ends by ${end.how}`;
}

/** The names under which an event concerns the service as a whole. */
function serviceEvents(world: ObservedWorld, event: ArbiterEvent): readonly string[] {
  if (event.type === 'signal') return [event.signal];
  if (event.type === 'asked') return [`asked ${event.command.name}`];
  if (event.type === 'exit') {
    const { state } = world.workers[event.worker - 1] ?? {};
    return state === undefined ? [] : [isBooting(state) ? 'boot ends' : 'worker ends'];
  }
  if (event.type === 'message') {
    const { tsunicorn } = event.message;
    return ['ready', 'bootFailed', 'outgoing', 'leaving', 'stalled'].includes(tsunicorn) ? [tsunicorn] : [];
  }
  return [event.type];
}

function reloadEvents(world: ObservedWorld, event: ArbiterEvent): readonly string[] {
  switch (event.type) {
    case 'signal':
      return [event.signal];
    case 'changed':
      return ['changed'];
    case 'reloadRead': {
      const isPresent = event.attempt === world.invariants.reload.underWay;
      return [`${event.result.ok ? 'read' : 'refused'}${isPresent ? '' : ' too late'}`];
    }
    case 'exit':
    case 'message': {
      const worker = world.workers[event.worker - 1];
      if (worker === undefined || worker.generation <= world.invariants.current.number) return [];
      const what = event.type === 'exit' ? 'ends' : event.message.tsunicorn;
      const isStale = worker.generation !== world.invariants.reload.underWay;
      if (!['ends', 'ready', 'bootFailed', 'standby', 'stalled'].includes(what)) return [];
      return [`${isStale ? 'dropped ' : ''}canary ${what}`];
    }
    default:
      return [];
  }
}

function upgradeEvents(event: ArbiterEvent): readonly string[] {
  switch (event.type) {
    case 'signal':
      return [event.signal];
    case 'upgradeEnded':
      return [
        `upgradeEnded ${event.end.how}${event.end.how === 'status' && event.end.status > 0 ? ' > 0' : ''}`,
      ];
    case 'upgradeStarted':
    case 'upgradeReady':
    case 'oldArbiterGone':
      return [event.type];
    default:
      return [];
  }
}
