import type { ServiceStatus } from '../status.ts';

/** Variable assignments of one datagram to the service manager; see sd_notify(3). */
export type Assignments = Readonly<Record<string, string>>;

/** What a stop or a boot may take beyond its own limits: killing, reaping, the last hooks. */
const SLACK_MS = 10_000;
/** The limit on reading the configuration again, which comes before a worker proves it (main/read-settings.ts). */
const READ_MS = 35_000;
const STATUS_LENGTH = 300;

/**
 * The messages to systemd for the change from `before` (null at first) to `now`, in order. READY=1 says that a worker accepts
 * and, after a reload, that the reload is over, whether or not it succeeded. `monotonicUs` is CLOCK_MONOTONIC.
 */
export function transitions(
  now: ServiceStatus,
  before: ServiceStatus | null,
  monotonicUs: bigint,
): readonly Assignments[] {
  switch (now.phase) {
    case 'starting':
      return before === null ? within({}, now.bootMs) : [];
    case 'stopping':
      return before?.phase === 'stopping' ? [] : within({ STOPPING: '1' }, now.graceMs);
    case 'draining':
      return ready(now, before);
    case 'serving':
      return [...ready(now, before), ...reloading(now, before, monotonicUs)];
  }
}

function ready(now: ServiceStatus, before: ServiceStatus | null): readonly Assignments[] {
  const reloaded = now.reload === null && before?.reload !== null;
  const served = before?.phase === 'serving' || before?.phase === 'draining';
  return !served || reloaded ? [{ READY: '1' }] : [];
}

function reloading(
  now: ServiceStatus,
  before: ServiceStatus | null,
  monotonicUs: bigint,
): readonly Assignments[] {
  if (now.reload === null || (before?.phase === 'serving' && now.reload === before.reload)) return [];
  const assignments = { RELOADING: '1', MONOTONIC_USEC: String(monotonicUs) };
  return within(assignments, READ_MS + now.bootMs);
}

/** Our own limit is the one that counts: systemd's is moved beyond it, and never shortened by this. */
function within(assignments: Assignments, limitMs: number): readonly Assignments[] {
  const extended = { EXTEND_TIMEOUT_USEC: String(Math.round((limitMs + SLACK_MS) * 1000)) };
  const all = { ...assignments, ...(limitMs === Infinity ? {} : extended) };
  return Object.keys(all).length === 0 ? [] : [all];
}

/**
 * Whether the service works, so that the watchdog may be fed. While it stops it has its own deadlines; after WINCH no worker
 * is wanted.
 */
export function isHealthy({ phase, workers }: ServiceStatus): boolean {
  const serves = phase === 'serving' || phase === 'draining';
  return phase === 'stopping' || (serves && (workers.ready > 0 || workers.wanted === 0));
}

/** The one line that `systemctl status` shows. */
export function statusText(status: ServiceStatus): string {
  const { wanted, ready, all } = status.workers;
  if (status.phase === 'stopping') return `Stopping: ${all} worker${all === 1 ? '' : 's'} left`;
  // While one is replaced there are more than wanted.
  const text = `${doing(status)}: ${Math.min(ready, wanted)} of ${wanted} workers ready, generation ${status.generation}`;
  const failure = status.reloadFailure === null ? '' : `; the last reload failed: ${status.reloadFailure}`;
  // One assignment is one line.
  return `${text}${failure}`.replace(/\p{Cc}+/gu, ' ').slice(0, STATUS_LENGTH);
}

function doing({ phase, reload }: ServiceStatus): string {
  if (phase === 'starting') return 'Starting';
  if (phase === 'draining') return 'Draining';
  return reload === null ? 'Serving' : 'Reloading';
}
