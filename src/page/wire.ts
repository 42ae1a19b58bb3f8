// What the arbiter and the page say to each other. No imports: the page is compiled for browsers.

/** The version of what follows: a page of another version is loaded again. */
export const WIRE = 2;

export type Level = 'debug' | 'info' | 'warning' | 'error' | 'critical';

/** One worker process; null is what is not known. */
export interface WireWorker {
  readonly slot: number | null;
  readonly pid: number;
  readonly age: number;
  readonly generation: number;
  readonly state: string;
  /** Why it is in that state, or what it is blocked by. */
  readonly why: string | null;
  /** For how many seconds its event loop is blocked; 0 where it is not. */
  readonly blocked: number;
  readonly uptime: number | null;
  /** A second. */
  readonly requestRate: number | null;
  readonly inFlight: number | null;
  readonly connections: number | null;
  /** Processors in use. */
  readonly cpu: number | null;
  readonly rss: number | null;
  readonly heap: number | null;
  /** In seconds. */
  readonly loopDelay: number | null;
}

/** One request in flight. */
export interface WireRequest {
  readonly slot: number | null;
  readonly pid: number;
  readonly ageMs: number;
  readonly method: string;
  /** Without its query. */
  readonly path: string;
  readonly client: string | null;
  readonly state: string;
}

/** One record of a log. */
export interface WireRecord {
  /** As ISO 8601. */
  readonly time: string;
  readonly level: Level;
  readonly message: string;
  readonly event: string | null;
  /** The slot of the worker that it is about; null where it is about none. */
  readonly slot: number | null;
  /** Of an error, or of a blocked loop. */
  readonly stack: string | null;
}

export interface WireMark {
  /** In seconds, as Unix time. */
  readonly at: number;
  readonly kind: 'death' | 'reload' | 'trouble' | 'upgrade' | 'scaling';
  readonly text: string;
}

/** A certificate that is served. */
export interface WireCertificate {
  readonly file: string;
  readonly names: readonly string[];
  /** Its last day, as `2026-12-31`. */
  readonly until: string;
  readonly daysLeft: number;
  /** What is not right with it. */
  readonly remark: string | null;
}

export interface WireHealth {
  readonly level: 'fine' | 'warning' | 'bad';
  readonly sentence: string;
  readonly details: readonly string[];
}

/** What is sent once when the stream begins. */
export interface Hello {
  readonly wire: number;
  readonly version: string;
  /** What the reader may do, and what it has to send along; null where it can only read. */
  readonly actions: { readonly csrf: string } | null;
  readonly signedIn: boolean;
  readonly records: readonly WireRecord[];
}

/** What is sent each second. */
export interface WireTick {
  /** Rises by one. */
  readonly seq: number;
  readonly at: number;
  readonly health: WireHealth;
  readonly name: string | null;
  readonly app: string | null;
  readonly host: string;
  readonly pid: number;
  readonly uptime: number;
  readonly phase: string;
  readonly generation: number | null;
  readonly wanted: number;
  readonly ready: number;
  /** The history of this second, in the order of its figures; null is what is not known. */
  readonly figures: readonly (number | null)[];
  readonly slots: Readonly<Record<string, readonly (number | null)[]>>;
  readonly marks: readonly WireMark[];
  readonly workers: readonly WireWorker[];
  /** The oldest first, some of them. */
  readonly requests: readonly WireRequest[];
  readonly requestCount: number;
  readonly listeners: readonly {
    readonly url: string;
    readonly queue: number | null;
    readonly limit: number;
  }[];
  /** None where no client speaks TLS. */
  readonly certificates: readonly WireCertificate[];
  /** Of the last hour, by cause. */
  readonly deaths: Readonly<Record<string, number>>;
  /** Since the tick before. */
  readonly records: readonly WireRecord[];
  readonly lost: number;
}

/** One setting. */
export interface WireSetting {
  readonly name: string;
  readonly value: string;
  readonly origin: string;
}
