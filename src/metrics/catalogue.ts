// The one declaration of every figure that is counted: the layout of the memory, the answers of /metrics and docs/metrics.md
// follow from it.

/** `summary` has a sum and a count, and no quantiles. Gauges are of the living only; all else outlives who counted it. */
export type FamilyType = 'counter' | 'gauge' | 'histogram' | 'summary';

export interface Family {
  readonly type: FamilyType;
  /** A sentence without its full stop. */
  readonly help: string;
  /** The label, or two, and all values that each can have. */
  readonly labels?: Readonly<Record<string, readonly string[]>>;
  /** Labels whose values are known only when they are asked for. */
  readonly dynamic?: readonly string[];
  /** The upper bounds of a histogram; what lies above the last is counted too. */
  readonly bounds?: readonly number[];
  /** A gauge that is shown for each worker, with the label `slot`, and not as a sum. */
  readonly perWorker?: true;
}

/** The methods of RFC 9110, PATCH and QUERY; all others are folded into the last. */
export const METHODS = [
  ...['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS', 'CONNECT', 'TRACE', 'QUERY'],
  '_OTHER',
] as const;
export const SCHEMES = ['http', 'https'] as const;
export const PROTOCOLS = ['1.1', '1.0', '2', '_OTHER'] as const;

/** How handshakes of TLS end: a client whose certificate is not accepted is `refused`. */
export const HANDSHAKE_OUTCOMES = ['new', 'resumed', 'refused', 'failed', 'timeout'] as const;

export type HandshakeOutcome = (typeof HANDSHAKE_OUTCOMES)[number];

/** The buckets that OpenTelemetry advises for http.server.request.duration, in seconds. */
export const DURATION_BOUNDS = [
  0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
] as const;

/** What the duration of requests is counted by. Its series are made as they are seen; see series.ts. */
export const DURATION = {
  name: 'http_server_request_duration_seconds',
  help: 'How long requests took, from their head to the end of the answer',
} as const;

/** What workers count. */
export const workerFamilies = {
  http_server_active_requests: {
    type: 'gauge',
    help: 'Requests in flight',
    labels: { http_request_method: METHODS, url_scheme: SCHEMES },
  },
  http_server_request_body_size_bytes: {
    type: 'summary',
    help: 'Bodies of requests that have a Content-Length, as it says; not of GET and HEAD',
  },
  http_server_response_body_size_bytes: {
    type: 'summary',
    help: 'Bodies of answers, where an access log counts them',
  },
  tsunicorn_requests_cut_total: {
    type: 'counter',
    help: 'Requests whose client did not get the whole answer',
    labels: { reason: ['client_left', 'unfinished', 'worker_died'] },
  },
  tsunicorn_requests_refused_total: {
    type: 'counter',
    help: 'What the server answered itself, because it was not HTTP or not safe, not supported, too large or too slow, had waited for longer than --queue-timeout, found the queue for threads full, or came with no certificate that --cert-reqs accepts',
    labels: {
      reason: [
        'malformed',
        'unsupported',
        'too_large',
        'timeout',
        'queue_timeout',
        'queue_full',
        'client_certificate',
      ],
    },
  },
  tsunicorn_tls_handshakes_total: {
    type: 'counter',
    help: 'Handshakes of TLS that clients began, by how they ended: with a new session or a resumed one, refused by --cert-reqs, failed, or not done within --handshake-timeout; not those of programs that end TLS themselves',
    labels: { outcome: HANDSHAKE_OUTCOMES },
  },
  tsunicorn_request_queue_seconds: {
    type: 'histogram',
    help: 'How long requests had waited when a worker got them, by the X-Request-Start of a trusted proxy',
    bounds: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
  },
  tsunicorn_thread_queue_requests: {
    type: 'gauge',
    help: 'Requests that wait for a thread, in class thread',
  },
  tsunicorn_series_folded_total: {
    type: 'counter',
    help: 'Requests that are counted without their status, because a worker has seen too many combinations of labels',
  },
  nodejs_eventloop_time_seconds_total: {
    type: 'counter',
    help: 'How long the event loops of the workers were in which state',
    labels: { nodejs_eventloop_state: ['active', 'idle'] },
  },
  tsunicorn_eventloop_delay_seconds: {
    type: 'histogram',
    help: 'How late timers fired in workers that had requests, measured at most a hundred times a second',
    bounds: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  },
  v8js_gc_duration_seconds: {
    type: 'histogram',
    help: 'How long garbage collections took',
    labels: { v8js_gc_type: ['minor', 'major', 'incremental', 'weakcb'] },
    bounds: [0.01, 0.1, 1, 10],
  },
  v8js_memory_heap_used_bytes: { type: 'gauge', help: 'The JavaScript heap in use', perWorker: true },
  process_memory_usage_bytes: { type: 'gauge', help: 'The resident memory of a process', perWorker: true },
  process_cpu_time_seconds_total: {
    type: 'counter',
    help: 'The processor time of the workers, those that have ended included',
    labels: { cpu_mode: ['user', 'system'] },
  },
  tsunicorn_connections: { type: 'gauge', help: 'Open connections of clients' },
  tsunicorn_log_lines_lost_total: {
    type: 'counter',
    help: 'Lines of logs that could not be written, as the records log-unwritable and access-lines-lost say',
  },
  tsunicorn_spans_lost_total: {
    type: 'counter',
    help: 'Spans that the receiver of --otlp-traces did not take, or for which there was no room while it did not answer',
  },
  tsunicorn_log_records_total: {
    type: 'counter',
    help: 'Lines of the error log, of workers and the arbiter, whether or not their level is written; those with an error are counted as exception too',
    labels: { level: ['critical', 'error', 'warning', 'exception'] },
  },
} as const satisfies Readonly<Record<string, Family>>;

/** The states of a worker, as the arbiter knows them. */
const STATES = [
  ...['spawning', 'booting', 'standby', 'opening', 'ready', 'retiring', 'failed', 'cancelled', 'killed'],
] as const;

const CAUSES = [
  ...['retired', 'exit', 'uncaught', 'abort', 'crash', 'oom', 'signal', 'stall', 'silent', 'grace', 'forced'],
  ...['boot-timeout', 'unwanted', 'boot', 'spawn', 'asked'],
] as const;

/** What the arbiter counts. */
export const arbiterFamilies = {
  tsunicorn_workers: {
    type: 'gauge',
    help: 'Processes of workers by their state; those in state ready accept',
    labels: { state: STATES },
  },
  tsunicorn_worker_exits_total: {
    type: 'counter',
    help: 'Ends of workers by their cause, as in the record worker-exited',
    labels: { cause: CAUSES },
  },
  tsunicorn_worker_boot_seconds: {
    type: 'histogram',
    help: 'How long workers took from their spawn until they accepted; without spare workers',
    bounds: [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120],
  },
  tsunicorn_eventloop_blocked_total: {
    type: 'counter',
    help: 'Times that an event loop was blocked for longer than --stall-warning and was not ended for it',
  },
  tsunicorn_reloads_total: {
    type: 'counter',
    help: 'Reloads by their outcome, as in the records reload-…',
    labels: { outcome: ['promoted', 'refused', 'undone', 'superseded'] },
  },
  tsunicorn_upgrades_total: {
    type: 'counter',
    help: 'Upgrades by their outcome, as in the records upgrade-…',
    labels: { outcome: ['done', 'failed', 'rolled-back', 'refused'] },
  },
  tsunicorn_push_failures_total: {
    type: 'counter',
    help: 'Messages that could not be sent to --statsd-host or --otlp-endpoint',
    labels: { target: ['statsd', 'otlp'] },
  },
} as const satisfies Readonly<Record<string, Family>>;

/** What is not counted, but known when it is asked for. */
export const presentFamilies = {
  tsunicorn_info: {
    type: 'gauge',
    help: 'The versions of tsunicorn and Node; always 1',
    dynamic: ['version', 'node'],
  },
  tsunicorn_workers_wanted: { type: 'gauge', help: 'How many workers are to serve' },
  tsunicorn_generation: { type: 'gauge', help: 'The number of the generation that serves' },
  tsunicorn_worker_metrics_stale: {
    type: 'gauge',
    help: 'Workers whose own metrics are old, for they have not reported for 5 s',
  },
  tsunicorn_metric_series_folded_total: {
    type: 'counter',
    help: 'Changes of metrics of the application that are counted with the labels _OTHER, because one has too many series',
  },
  tsunicorn_backlog_connections: {
    type: 'gauge',
    help: 'Connections in the queue of the kernel, which no worker has accepted yet',
    dynamic: ['address'],
  },
  tsunicorn_backlog_limit: {
    type: 'gauge',
    help: 'How many connections that queue can hold',
    dynamic: ['address'],
  },
  tsunicorn_backlog_longest_wait_seconds: {
    type: 'gauge',
    help: 'For how long a connection in that queue has waited since it sent something; of TCP, where ss(8) is installed',
    dynamic: ['address'],
  },
  tsunicorn_tls_certificate_expiry_timestamp_seconds: {
    type: 'gauge',
    help: 'When a certificate that is served expires, in Unix time',
    dynamic: ['file'],
  },
  tsunicorn_memory_used_bytes: {
    type: 'gauge',
    help: 'What all processes of the service use together; what they share, as the code of Node, is counted once',
  },
  tsunicorn_memory_limit_bytes: {
    type: 'gauge',
    help: 'What all processes of the service together may use: the limit of the control group, or the memory of the machine',
  },
  process_start_time_seconds: { type: 'gauge', help: 'When the arbiter was started, in Unix time' },
  process_resident_memory_bytes: { type: 'gauge', help: 'The resident memory of the arbiter' },
  process_cpu_seconds_total: { type: 'counter', help: 'The processor time of the arbiter' },
} as const satisfies Readonly<Record<string, Family>>;

export type WorkerFamily = keyof typeof workerFamilies;
export type ArbiterFamily = keyof typeof arbiterFamilies;
export type FamilyName = WorkerFamily | ArbiterFamily;

/** Every family but the duration of requests, in the order of the layout. */
export const families: Readonly<Record<FamilyName, Family>> = { ...workerFamilies, ...arbiterFamilies };
