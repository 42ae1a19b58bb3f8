import type { Cut, Draining } from '../src/http/drain/drain.ts';
import type { Retirement } from '../src/process/ipc/retirement.ts';
import { seconds } from '../src/support/duration.ts';
import type { Logs } from './logs.ts';
import type { Serving } from './serving.ts';

/** The phase that a worker is in. */
export type Phase =
  | { readonly name: 'booting' }
  /** The application is loaded; the sockets are opened when the arbiter says so. */
  | { readonly name: 'standby'; readonly accept: () => void; readonly close: Serving['close'] }
  /** The sockets are being opened: what is accepted from now on must be served, even if the worker is told to leave. */
  | { readonly name: 'opening'; readonly leave: Retirement | null }
  | { readonly name: 'serving'; readonly serving: Serving; readonly asked: 'nothing' | 'replacement' }
  | { readonly name: 'leaving'; readonly draining: Draining }
  /** `after` is whether it has served; `hasten` bounds the rest of the end, in milliseconds. */
  | {
      readonly name: 'exiting';
      readonly after: 'booting' | 'serving';
      readonly hasten: (graceMs: number) => void;
    };

/** Whether a worker in this phase has not served yet. */
export function isBooting({ name }: Phase): boolean {
  return name === 'booting' || name === 'standby' || name === 'opening';
}

/** Logs what a drain had to cut; never rejects, since the worker must end in any case. */
export async function finish({ ended }: Draining, logs: Pick<Logs, 'log' | 'settle'>): Promise<void> {
  const { log } = logs;
  try {
    const cut = await ended;
    if (cut.connections === 0) return;
    // Before their connections emit `close`, which would look as if the clients had left.
    logs.settle('grace');
    const { connections: count, oldest: requests, graceMs } = cut;
    log.warning(`Cut ${count} connection(s) at the end of the grace period of ${graceMs / 1000} s`, {
      event: 'drain-cut',
      count,
      durationMs: graceMs,
      requests,
      lines: linesOf(cut),
    });
  } catch (error) {
    log.error('The drain failed', { event: 'drain-failed', err: error });
  }
}

function linesOf({ connections, requests, oldest }: Cut): readonly string[] {
  const others = connections - requests;
  return [
    ...oldest.map(
      ({ method, path, ageMs, status }) =>
        `${method} ${path}, for ${seconds(ageMs)}, ${status === 0 ? 'not answered' : `in the middle of its answer (${status})`}`,
    ),
    ...(requests > oldest.length ? [`and ${requests - oldest.length} more requests`] : []),
    ...(others > 0 ? [`${others} without a request: WebSockets, or idle`] : []),
  ];
}
