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

/** Whether clients should come: at least `quorum` workers accept, less those that are `unfit` (why, by pid), and the service does not stop. */
export function readinessOf(
  status: ServiceStatus | null,
  quorum: number,
  unfit: ReadonlyMap<number, string> = new Map(),
): Health {
  const reasons = status === null ? ['the service starts'] : reasonsAgainst(status, quorum, unfit);
  const isFine = reasons.length === 0;
  const workers = status === null ? {} : { workers: { ...status.workers, quorum } };
  return { isFine, body: { ready: isFine, reasons, ...workers } };
}

function reasonsAgainst(
  { phase, role, workers, processes }: ServiceStatus,
  quorum: number,
  unfit: ReadonlyMap<number, string>,
): readonly string[] {
  // The new arbiter of an upgrade serves on the same sockets.
  if (role === 'old') return [];
  if (phase === 'stopping') return ['the service stops'];
  if (phase === 'draining') return ['the service drains'];
  const failing = processes.flatMap(({ pid, slot, state }) => {
    const why = state === 'ready' ? unfit.get(pid) : undefined;
    return why === undefined ? [] : [`worker ${pid} (slot ${slot}): ${why}`];
  });
  const fit = workers.ready - failing.length;
  if (fit >= quorum) return [];
  const starts = phase === 'starting' ? ['the service starts'] : [];
  return [
    ...starts,
    ...failing,
    `${fit} workers accept${failing.length > 0 ? ' and pass their checks' : ''}, and --ready-quorum is ${quorum}`,
  ];
}
