import type { Controlled } from '../controlled.ts';
import type { fullStatus } from '../routes/status.ts';
import type { WorkerLogs } from '../worker-logs.ts';

/** How much it matters: clients suffer now; they soon may; it is worth knowing; all is well. */
export type Severity = 'critical' | 'warning' | 'notice' | 'fine';

/** What was found by one look at a service. */
export interface Finding {
  /** What was looked at. */
  readonly check: string;
  readonly severity: Severity;
  /** What is, in a clause without a full stop. */
  readonly message: string;
  /** What to do; null where nothing is to be done. */
  readonly cure: string | null;
}

/** What is looked at. */
export interface Patient {
  readonly service: Controlled;
  readonly status: ReturnType<typeof fullStatus>;
  /** By the wall clock, in milliseconds since 1970. */
  readonly nowMs: number;
  /** What the workers have logged of level info and above, which is read once for a look. */
  readonly logged: () => Logged;
}

export type Logged = ReturnType<WorkerLogs['recent']>;

/** The errors among what the workers have logged. */
export function errorsOf({ logged }: Pick<Patient, 'logged'>): Logged {
  return logged().filter((line) => 'level' in line && (line.level === 'error' || line.level === 'critical'));
}

/** One look; it does not wait, and does not throw for what it cannot read. */
export type Check = (patient: Patient) => readonly Finding[];

/** That all is well. */
export function fine(check: string, message: string): readonly Finding[] {
  return [{ check, severity: 'fine', message, cure: null }];
}
