import type { WorkerLog } from '../src/log/records.ts';
import type { Serving } from './serving.ts';

/** How a worker goes that has to finish what it accepted. */
export interface Leaving {
  readonly emptyQueue: boolean;
  readonly graceMs: number;
}

/** What a worker is about. */
export type Phase =
  | { readonly name: 'booting' }
  /** The application is loaded; the sockets are opened when the arbiter says so. */
  | { readonly name: 'standby'; readonly accept: () => void; readonly close: Serving['close'] }
  /** The sockets are being opened: what is accepted from now on must be served, whatever was ordered meanwhile. */
  | { readonly name: 'opening'; readonly leave: Leaving | null }
  | { readonly name: 'serving'; readonly serving: Serving; readonly asked: 'nothing' | 'replacement' }
  | { readonly name: 'leaving' }
  | { readonly name: 'exiting' };

/** Whether a worker in this phase has yet to serve. */
export function isBooting({ name }: Phase): boolean {
  return name === 'booting' || name === 'standby' || name === 'opening';
}

/** Drains, and logs what could not be finished; never rejects, as the worker must end all the same. */
export async function finish(serving: Serving, how: Leaving, log: WorkerLog): Promise<void> {
  try {
    const cut = await serving.drain(how);
    if (cut > 0)
      log.warning(`Cut ${cut} connection(s) that outlived the grace of ${how.graceMs / 1000} s`, {
        event: 'drain-cut',
        count: cut,
        durationMs: how.graceMs,
      });
  } catch (error) {
    log.error('The drain failed', { event: 'drain-failed', err: error });
  }
}
