import { describeListeners } from '../listeners/bind.ts';
import type { Listener } from '../listeners/listener.ts';
import type { RecordLog } from '../log/records.ts';
import type { WorkerHandle } from './workers/handle.ts';

/**
 * Logs where the service listens. `urls` are those of the worker's own sockets, in their order: what it tells of them holds
 * for those of other slots too.
 */
export function sayListening(
  log: RecordLog,
  listeners: readonly Listener[],
  worker: WorkerHandle,
  urls: readonly string[],
): void {
  const [others = ''] = urls.flatMap((url) => /^(?:https|tcp|tls):/.exec(url)?.[0] ?? []);
  const told = listeners.map((listener) => {
    const at = worker.listeners.indexOf(listener);
    return at < 0 ? others : (urls[at] ?? '');
  });
  const addresses = describeListeners(listeners, told);
  log.info(`Listening at: ${addresses.join(', ')} (${process.pid})`, { event: 'listening', addresses });
}
