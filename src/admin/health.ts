import type { ServiceStatus } from '../process/status.ts';

/** The answer to a probe. */
export interface Health {
  readonly isFine: boolean;
  readonly body: object;
}

/** The arbiter's loop turns once a second at least. */
const LONGEST_TURN_MS = 10_000;

/** Whether the arbiter works; `sinceMs` is how long ago its loop turned. */
export function livenessOf(sinceMs: number): Health {
  const isFine = sinceMs < LONGEST_TURN_MS;
  return { isFine, body: { live: isFine } };
}

/** Whether clients should come: at least `quorum` workers accept, and the service does not stop. */
export function readinessOf(status: ServiceStatus | null, quorum: number): Health {
  const reasons = status === null ? ['the service starts'] : reasonsAgainst(status, quorum);
  const isFine = reasons.length === 0;
  const workers = status === null ? {} : { workers: { ...status.workers, quorum } };
  return { isFine, body: { ready: isFine, reasons, ...workers } };
}

function reasonsAgainst({ phase, role, workers }: ServiceStatus, quorum: number): readonly string[] {
  // The new arbiter of an upgrade serves on the same sockets.
  if (role === 'old') return [];
  if (phase === 'stopping') return ['the service stops'];
  if (phase === 'draining') return ['the service drains'];
  if (workers.ready >= quorum) return [];
  const starts = phase === 'starting' ? ['the service starts'] : [];
  return [...starts, `${workers.ready} workers accept, and --ready-quorum is ${quorum}`];
}
