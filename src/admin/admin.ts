import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Listener } from '../listeners/listener.ts';
import { queueOf, RecentRows } from '../listeners/queue.ts';
import type { RecordLog } from '../log/records.ts';
import { members } from '../metrics/layout.ts';
import type { MeasuredTotals } from '../metrics/measured.ts';
import type { CounterStore } from '../metrics/store.ts';
import { availableMemory } from '../process/available-memory.ts';
import { memoryOf } from '../process/shared-memory.ts';
import type { ServiceStatus } from '../process/status.ts';
import type { Settings } from '../settings/catalogue/catalogue.ts';
import { fs } from '../support/builtins.ts';
import type { Clock } from '../support/clock.ts';
import { messageOf } from '../support/errors.ts';
import { Door } from './door.ts';
import { Exposition, type Present, type Sample } from './exposition.ts';
import { Guesses } from './guesses.ts';
import { livenessOf, readinessOf } from './health.ts';
import { type Answer, type Entrance, Pages, plain } from './pages.ts';
import { type ListenerView, type QueueRow, queuesOf, statusPage } from './status-page.ts';
import { WaitReader } from './waits.ts';

export interface AdminOptions {
  readonly counters: CounterStore;
  /** Of the generation that serves. */
  readonly settings: () => Settings;
  readonly listeners: readonly Listener[];
  /** The sockets at which the workers serve. */
  readonly serving: () => readonly ListenerView[];
  readonly version: string;
  readonly clock: Clock;
  readonly log: RecordLog;
  /** What else is answered; null where that is nothing. */
  readonly more: MorePages | null;
}

/** Pages that answer by themselves. */
export interface MorePages {
  /** The queues of the kernel, which are read for them once a second. */
  readonly rows: RecentRows;
  has(path: string): boolean;
  /** Whether somebody sends it who has given the token before. */
  hasSession(request: IncomingMessage): Promise<boolean>;
  answer(request: IncomingMessage, response: ServerResponse, entrance: Entrance): void;
}

/** Whoever asks more often is told the same of what the system has to be asked for. */
const FRESH_MS = 500;

/** What the system says. */
interface SystemFigures {
  readonly queues: readonly QueueRow[];
  /** Null where it cannot be seen. */
  readonly memoryUsed: number | null;
  readonly memoryLimit: number;
  readonly residentBytes: number;
  readonly cpuSeconds: number;
}

/** What the arbiter answers itself, at --admin-bind. */
export class Admin {
  readonly #options: AdminOptions;
  readonly #doors: Door[] = [];
  readonly #pages: Pages;
  readonly #waits = new WaitReader();
  readonly #guesses: Guesses;
  readonly #rows: RecentRows;
  #latest: { readonly atMs: number; readonly figures: Promise<SystemFigures> } | null = null;
  #status: ServiceStatus | null = null;
  #turnedMs: number;
  #states: readonly string[] = [];

  constructor(options: AdminOptions) {
    const { clock, counters, settings, serving } = options;
    const exposition = new Exposition();
    this.#options = options;
    this.#turnedMs = clock.now();
    this.#rows = options.more?.rows ?? new RecentRows();
    this.#guesses = new Guesses(options.log, 'A wrong token was sent in a header', () => clock.now());
    this.#pages = new Pages({
      livez: () => livenessOf(clock.now() - this.#turnedMs),
      readyz: () => readinessOf(this.#status, settings().readyQuorum, counters.measured.unfit()),
      metrics: async (format) => {
        const system = await this.#system();
        const measured = counters.measured.totals();
        return exposition.text(counters.totals(), this.#present(system, measured), format, measured);
      },
      status: async () =>
        statusPage({
          ...options,
          listeners: serving,
          waits: await this.#waits.read(serving()),
          status: this.#status,
          totals: counters.totals(),
        }),
      settings,
    });
  }

  /** To be called after each turn of the arbiter's loop. */
  observe(status: ServiceStatus): void {
    this.#turnedMs = this.#options.clock.now();
    this.#status = status;
    this.#countStates(status);
    if (this.#doors.length === 0 && mayOpen(status)) this.#open();
  }

  /** The service has ended. */
  close(): void {
    for (const door of this.#doors) door.close();
    for (const listener of this.#options.listeners) listener.close();
  }

  #open(): void {
    const { listeners, log } = this.#options;
    for (const listener of listeners) {
      keepToOurselves(listener);
      const entrance = entranceOf(listener);
      const door = new Door((request, response) => void this.#answer(request, response, entrance));
      this.#doors.push(door);
      door.open(listener, (error) => {
        const reason = messageOf(error);
        log.error(`${listener.address.source}: the arbiter cannot accept there: ${reason}`, {
          event: 'admin-failed',
          reason,
        });
      });
    }
    const addresses = listeners.map(({ url }) => url);
    log.info(`The arbiter answers at: ${addresses.join(', ')} (--admin-bind)`, {
      event: 'admin-listening',
      addresses,
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse, entrance: Entrance): Promise<void> {
    const { more } = this.#options;
    const locked = await this.#guessed(request);
    if (locked === null && more?.has(pathOf(request))) return more.answer(request, response, entrance);
    const answer = locked ?? this.#pages.answer(request, entrance);
    const { status, type, body, headers = {} } = answer instanceof Promise ? await answer : answer;
    // What the client sends behind a head that is refused is not waited for.
    if (status === 405) response.shouldKeepAlive = false;
    response.writeHead(status, {
      'Content-Type': type,
      'Content-Length': Buffer.byteLength(body),
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
      ...headers,
    });
    response.end(request.method === 'HEAD' ? '' : body);
  }

  /** Notes a wrong token; a client that has sent too many is told this instead of an answer. */
  async #guessed(request: IncomingMessage): Promise<Answer | null> {
    const { more, settings } = this.#options;
    const path = pathOf(request);
    const { adminToken: token } = settings();
    if (token === null || this.#pages.isOpen(path)) return null;
    const isRefused = await this.#guesses.refuses({
      authorization: request.headers.authorization,
      client: request.socket.remoteAddress ?? null,
      token,
      hasSession: async () => more?.has(path) === true && more.hasSession(request),
    });
    return isRefused
      ? plain(429, 'too many wrong tokens; try again in a minute', { 'Retry-After': '60' })
      : null;
  }

  /** To read them can take the kernel 4 ms, as it walks through a table of all connections. */
  #system(): Promise<SystemFigures> {
    const nowMs = this.#options.clock.now();
    if (this.#latest === null || nowMs - this.#latest.atMs >= FRESH_MS)
      this.#latest = { atMs: nowMs, figures: this.#readSystem() };
    return this.#latest.figures;
  }

  async #readSystem(): Promise<SystemFigures> {
    const { serving, settings } = this.#options;
    const listeners = serving();
    const recent = this.#rows.recent();
    // A reload may have opened sockets since.
    const isWhole = listeners.every((listener) => queueOf(listener, recent) !== null);
    const rows = isWhole ? recent : this.#rows.now();
    const waits = await this.#waits.read(listeners, rows, 'known');
    const { user, system } = process.cpuUsage();
    return {
      queues: queuesOf(listeners, settings().backlog, waits, rows),
      memoryUsed: memoryOf(pidsOf(this.#status)),
      memoryLimit: availableMemory(),
      residentBytes: process.memoryUsage.rss(),
      cpuSeconds: (user + system) / 1e6,
    };
  }

  /** For the other arbiter of an upgrade, which answers for both. */
  #countStates({ processes }: ServiceStatus): void {
    const states = processes.map(({ state }) => state).toSorted();
    if (states.join() === this.#states.join()) return;
    this.#states = states;
    const { counters } = this.#options;
    for (const { labels, at } of members.get('tsunicorn_workers') ?? [])
      counters.set(at, states.filter((state) => state === labels.state).length);
    counters.publish();
  }

  #present(system: SystemFigures, { stale, folded }: MeasuredTotals): Present {
    const { version } = this.#options;
    return {
      tsunicorn_info: [[{ version, node: process.versions.node }, 1]],
      tsunicorn_workers_wanted: this.#status?.workers.wanted ?? 0,
      tsunicorn_generation: this.#status?.generation ?? 0,
      ...ofQueues(system.queues),
      tsunicorn_worker_metrics_stale: stale.length,
      tsunicorn_metric_series_folded_total: folded,
      tsunicorn_tls_certificate_expiry_timestamp_seconds: ofCertificates(this.#status),
      tsunicorn_memory_used_bytes: system.memoryUsed ?? [],
      tsunicorn_memory_limit_bytes: system.memoryLimit,
      process_start_time_seconds: performance.timeOrigin / 1000,
      process_resident_memory_bytes: system.residentBytes,
      process_cpu_seconds_total: system.cpuSeconds,
    };
  }
}

/** What is not known has no sample. */
function ofQueues(queues: readonly QueueRow[]) {
  const samples = (take: (queue: QueueRow) => number | null) =>
    queues.flatMap((queue): readonly Sample[] => {
      const value = take(queue);
      return value === null ? [] : [[{ address: queue.url }, value]];
    });
  return {
    tsunicorn_backlog_connections: samples(({ queue }) => queue),
    tsunicorn_backlog_limit: samples(({ limit }) => limit),
    tsunicorn_backlog_longest_wait_seconds: samples(({ longestWaitMs }) =>
      longestWaitMs === null ? null : longestWaitMs / 1000,
    ),
  };
}

function pidsOf(status: ServiceStatus | null): readonly number[] {
  return [process.pid, ...(status?.processes ?? []).map(({ pid }) => pid).filter((pid) => pid > 0)];
}

/** As many as --certfile names. */
function ofCertificates(status: ServiceStatus | null): readonly Sample[] {
  return (status?.certificates ?? []).map(({ file, untilMs }) => [{ file }, untilMs / 1000]);
}

/** The new arbiter of an upgrade opens when it serves: until then the old one answers. */
function mayOpen({ role, phase, workers }: ServiceStatus): boolean {
  return role !== 'new' || (phase === 'serving' && workers.ready >= workers.wanted);
}

/** Nobody can connect before the socket listens, nor after its file was removed. */
function keepToOurselves({ address }: Listener): void {
  if (address.kind === 'unix' && fs.existsSync(address.path)) fs.chmodSync(address.path, 0o600);
}

function pathOf({ url = '' }: IncomingMessage): string {
  return url.split('?', 1)[0] ?? '';
}

function entranceOf({ address, url }: Listener): Entrance {
  const isTcp = address.kind === 'tcp';
  const { host = '' } = isTcp ? (/^http:\/\/(?<host>.*):\d+$/.exec(url)?.groups ?? {}) : {};
  return { isTcp, isLocal: !isTcp || host === '[::1]' || host.startsWith('127.') };
}
