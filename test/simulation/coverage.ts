import type { ArbiterEvent } from '../../src/arbiter/events.ts';
import type { World } from './world.ts';

/** Which events came in which states. */
export class Coverage {
  readonly hits = new Map<string, number>();

  took(world: World, event: ArbiterEvent): void {
    const { intent, reload, upgrade } = world.arbiter.steps;
    const mode = intent.name === 'stopping' ? `stopping ${intent.mode}` : intent.name;
    const what = this.#nameOf(world, event);
    this.#hit(`service: ${mode} × ${what}`);
    this.#hit(`reload: ${reload} × ${what}`);
    this.#hit(`upgrade: ${upgrade} × ${what}`);
    if (event.type === 'message' || event.type === 'exit') {
      const worker = world.workers[event.worker - 1];
      if (worker) this.#hit(`worker: ${worker.state.name} × ${what}`);
    }
  }

  #nameOf(_world: World, event: ArbiterEvent): string {
    switch (event.type) {
      case 'signal':
        return event.signal;
      case 'message':
        return event.message.tsunicorn;
      case 'exit':
      case 'upgradeEnded':
        return `${event.type} ${event.end.how}`;
      case 'reloadRead':
        return event.result.ok ? 'read' : 'refused';
      default:
        return event.type;
    }
  }

  #hit(pair: string): void {
    this.hits.set(pair, (this.hits.get(pair) ?? 0) + 1);
  }
}
