import type { Server } from 'node:http';
import type { Settings } from '../settings/catalogue.ts';
import type { Connections } from './connections.ts';

// Measured: idle connections closed 50 ms after the last accept lost 17 of 20,000 requests, a second after it none.
const IDLE_CLOSE_AFTER_MS = 1000;
// With --reload the next request of a browser is to meet the new code, and may well be sent twice.
const IDLE_CLOSE_AFTER_RELOAD_MS = 20;
const EMPTY_QUEUE_LIMIT_MS = 1000;

/** What a drain needs of the gate. */
export interface Accepting {
  closeWhenEmpty(limitMs: number): Promise<void>;
  close(): void;
}

export interface DrainOptions {
  readonly gate: Accepting;
  readonly connections: Connections;
  readonly server: Server;
  /** Take what the kernel has queued first: nobody else will, as the whole service stops. */
  readonly emptyQueue: boolean;
  /** Connections that still live after this are cut. */
  readonly graceMs: number;
  /** Connections that have been idle since the drain began are closed after this. */
  readonly idleMs: number;
}

/** How long after the last accept a draining worker closes idle connections. */
export function idleMsOf({ reload }: Pick<Settings, 'reload'>): number {
  return reload ? IDLE_CLOSE_AFTER_RELOAD_MS : IDLE_CLOSE_AFTER_MS;
}

/**
 * Ends a worker's connections without dropping anything it accepted: stop accepting, mark every answer as the last of
 * its connection, close idle ones `idleMs` after the last accept. Returns how many connections had to be cut.
 */
export async function drain(options: DrainOptions): Promise<number> {
  const { gate, connections } = options;
  const cutAt = performance.now() + options.graceMs;
  connections.closeAfterAnswer();
  if (options.emptyQueue) await gate.closeWhenEmpty(Math.min(EMPTY_QUEUE_LIMIT_MS, options.graceMs));
  else gate.close();
  if (connections.size === 0) return 0;

  const stopIdleCloser = closeIdleLater(options);
  const timer = new AbortController();
  await Promise.race([connections.emptied(), delay(cutAt - performance.now(), timer.signal)]);
  timer.abort();
  stopIdleCloser();
  return connections.destroyAll();
}

/**
 * From `idleMs` after the drain began, which is after the last accept, closes idle connections whenever it looks.
 * In that time a client that uses its connection learns from an answer that it is the last.
 */
function closeIdleLater({ server, idleMs }: DrainOptions): () => void {
  const from = performance.now() + idleMs;
  const look = () => {
    if (performance.now() >= from) server.closeIdleConnections();
  };
  const timer = setInterval(look, Math.min(100, idleMs));
  return () => clearInterval(timer);
}

function delay(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    const timer = setTimeout(done, Math.max(0, ms));
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      done();
    });
  });
}
