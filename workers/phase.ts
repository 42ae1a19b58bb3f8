import type { Draining } from '../src/http/drain.ts';
import type { Retirement } from '../src/ipc.ts';
import type { Logs } from './logs.ts';
import type { Serving } from './serving.ts';

/** What a worker is about. */
export type Phase =
  | { readonly name: 'booting' }
  /** The application is loaded; the sockets are opened when the arbiter says so. */
  | { readonly name: 'standby'; readonly accept: () => void; readonly close: Serving['close'] }
  /** The sockets are being opened: what is accepted from now on must be served, whatever was ordered meanwhile. */
  | { readonly name: 'opening'; readonly leave: Retirement | null }
  | { readonly name: 'serving'; readonly serving: Serving; readonly asked: 'nothing' | 'replacement' }
  | { readonly name: 'leaving'; readonly draining: Draining }
  | { readonly name: 'exiting' };

/** Whether a worker in this phase has yet to serve. */
export function isBooting({ name }: Phase): boolean {
  return name === 'booting' || name === 'standby' || name === 'opening';
}

/** Logs what a drain could not finish; never rejects, as the worker must end all the same. */
export async function finish(
  { ended }: Draining,
  graceMs: number,
  logs: Pick<Logs, 'log' | 'settle'>,
): Promise<void> {
  const { log } = logs;
  try {
    const cut = await ended;
    if (cut === 0) return;
    // Before the connections say that they are closed, which looks as if their clients had left.
    logs.settle('grace');
    log.warning(`Cut ${cut} connection(s) that outlived the grace of ${graceMs / 1000} s`, {
      event: 'drain-cut',
      count: cut,
      durationMs: graceMs,
    });
  } catch (error) {
    log.error('The drain failed', { event: 'drain-failed', err: error });
  }
}
