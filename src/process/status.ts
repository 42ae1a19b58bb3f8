/** Which one this arbiter is while two serve, during an upgrade; `only` where it is alone or the new one boots. */
export type ArbiterRole = 'only' | 'old' | 'new';

/** One worker process as the arbiter sees it. */
export interface WorkerStatus {
  /** 0 where the process could not be started. */
  readonly pid: number;
  readonly slot: number | null;
  readonly age: number;
  readonly generation: number;
  /** The name of its state, as in src/arbiter/policy/worker-state.ts. */
  readonly state: string;
}

/** One companion as the arbiter sees it. Where the other arbiter of an upgrade runs it, it has no processes here. */
export interface CompanionStatus {
  readonly name: string;
  /** How many processes of it are to run; with a schedule, how many do. */
  readonly wanted: number;
  /** When its schedule lets it run next, as an ISO date; null where it has none. */
  readonly nextRun: string | null;
  readonly processes: readonly CompanionProcessStatus[];
}

export interface CompanionProcessStatus {
  /** 0 where the process could not be started. */
  readonly pid: number;
  readonly index: number;
  readonly generation: number;
  /** The name of its state, as in src/arbiter/companions/process.ts; `ready` where it runs and has said that it is ready. */
  readonly state: string;
}

/** A certificate that is served. */
export interface CertificateStatus {
  readonly file: string;
  readonly names: readonly string[];
  /** When it ends, in Unix time, in milliseconds. */
  readonly untilMs: number;
  /** What is not right with it, and does not keep it from being served; null where nothing is. */
  readonly remark: string | null;
}

/** What the arbiter tells an observer after each turn of its loop: plain data about the present moment. */
export interface ServiceStatus {
  /** `draining`: it serves as before, and is not to get new clients. */
  readonly phase: 'starting' | 'serving' | 'draining' | 'stopping';
  /** The number of the reload under way, or null; each HUP has a new number. */
  readonly reload: number | null;
  /** Why the last reload changed nothing, until one succeeds. */
  readonly reloadFailure: string | null;
  readonly generation: number;
  readonly role: ArbiterRole;
  readonly workers: {
    readonly wanted: number;
    readonly ready: number;
    /** Of those that are ready, how many belong to the current generation. */
    readonly current: number;
    /** Every worker process, in whatever state. */
    readonly all: number;
  };
  readonly processes: readonly WorkerStatus[];
  readonly companions: readonly CompanionStatus[];
  /** Those that are served; absent where no client speaks TLS. */
  readonly certificates?: readonly CertificateStatus[];
  /** The time that a worker has to boot, and to finish its requests once it is told to; Infinity where there is no limit. */
  readonly bootMs: number;
  readonly graceMs: number;
}

/**
 * Called after each turn of the loop, at least once a second; what it does must not wait. Returns when, by the arbiter's
 * clock, it wishes to be called again at the latest; Infinity where the loop's own pace will do.
 */
export type Observe = (status: ServiceStatus) => number;
