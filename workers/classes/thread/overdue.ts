import { nameRequest, requestField } from '../../../src/http/request-name.ts';
import type { WorkerLog } from '../../../src/log/records.ts';
import { seconds } from '../../../src/support/duration.ts';
import type { Exchange } from './exchange.ts';
import type { Inspection } from './inspect-thread.ts';
import type { See } from './see-thread.ts';

/** What of a thread is needed to end it. */
export interface EndableThread {
  readonly id: number;
  readonly lane: { readonly head: Exchange | null };
  kill(): void;
  /** Gives the request 504, then ends the thread; what its application runs at the end of a request gets a moment. */
  dismiss(exchange: Exchange): void;
}

/** Ends threads whose requests run too long, and logs, as one record, what each was doing. */
export class Overdue {
  readonly #log: WorkerLog;
  readonly #see: See;
  readonly #looked = new WeakSet<EndableThread>();

  constructor(log: WorkerLog, see: See) {
    this.#log = log;
    this.#see = see;
  }

  /** Ends the thread unless it answers while it is looked at. */
  async end(thread: EndableThread, exchange: Exchange): Promise<void> {
    const isOver = () => thread.lane.head !== exchange;
    if (isOver() || this.#looked.has(thread)) return;
    this.#looked.add(thread);
    const overdueMs = performance.now();
    const inspection = await this.#see(thread.id);
    if (isOver()) return void this.#looked.delete(thread);
    this.#record(exchange, inspection, overdueMs);
    // One that is merely late hears of it, too.
    if (inspection.what === 'blocked') thread.kill();
    else thread.dismiss(exchange);
  }

  #record({ request, cameMs, startedMs }: Exchange, inspection: Inspection, overdueMs: number): void {
    const ran = seconds(overdueMs - startedMs);
    this.#log.error(
      `Request timed out after ${ran}: ${nameRequest(request)}; its thread is ended and replaced`,
      {
        event: 'request-timeout',
        request: requestField(request),
        setting: '--timeout',
        durationMs: Math.round(overdueMs - startedMs),
        ageMs: Math.round(overdueMs - cameMs),
        thread: inspection.what,
        stack: inspection.what === 'blocked' ? inspection.stack : null,
        lines: [...waited(startedMs - cameMs), ...linesOf(inspection)],
      },
    );
  }
}

function waited(ms: number): readonly string[] {
  return ms < 100 ? [] : [`after it had waited ${seconds(ms)} for a thread`];
}

function linesOf(inspection: Inspection): readonly string[] {
  switch (inspection.what) {
    case 'blocked':
      return ['blocked at:', ...inspection.stack.map((frame) => `  ${frame}`)];
    case 'waiting':
      return ['no JavaScript ran in its thread: the handler waits for something'];
    case 'silent':
      return ['its stack is not available: it is blocked in native code or gets no processor time'];
    case 'unseen':
      return [`its stack could not be read: ${inspection.why}`];
  }
}
