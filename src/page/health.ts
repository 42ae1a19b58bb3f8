import type { Finding } from '../control/doctor/finding.ts';
import type { Condition } from '../log/conditions.ts';
import type { ServiceStatus } from '../process/status.ts';
import { counted } from '../support/text.ts';

/** How the service is, for who sees it for the first time. */
export interface HealthLine {
  readonly level: 'fine' | 'warning' | 'bad';
  /** One sentence. */
  readonly sentence: string;
  /** What more there is to say, the worst first; a sentence each. */
  readonly details: readonly string[];
}

/** What it is made of. */
export interface HealthSource {
  readonly status: ServiceStatus | null;
  readonly conditions: readonly Condition[];
  /** In milliseconds, by the clock of the conditions. */
  readonly nowMs: number;
  /** How many workers ended in the last minute without being told to, and what was said of the last one. */
  readonly deaths: { readonly count: number; readonly last: string | null };
  /** In how many milliseconds the next worker is started, where that is delayed; otherwise null. */
  readonly retryMs: number | null;
  /** Connections that wait in the kernel's queues; null where that is not known. */
  readonly queued: number | null;
  readonly requestsInFlight: number;
  /** How many workers are ready, and their event loops are blocked: they serve nobody. */
  readonly blocked: number;
  /** What the doctor finds. */
  readonly findings: readonly Finding[];
}

/** How much it matters. What is to be known (`aside`) is never said first: it is as true of a service that is well. */
type Rank = 'critical' | 'warning' | 'notice' | 'aside';

interface Trouble {
  readonly rank: Rank;
  /** A clause. */
  readonly text: string;
  /** Why workers cannot be started. */
  readonly isBoot: boolean;
}

/** Says in one sentence who serves and what is wrong. */
export function healthOf(source: HealthSource): HealthLine {
  const { status } = source;
  if (status === null) return { level: 'warning', sentence: 'The service starts.', details: [] };
  const troubles = troublesOf(source, status);
  const [first, ...rest] = troubles[0]?.rank === 'aside' ? [undefined, ...troubles] : troubles;
  const serving = Math.max(0, status.workers.ready - source.blocked);
  const base = baseOf(status, serving, source.requestsInFlight);
  const isBad = serving === 0 && status.workers.wanted > 0 && status.phase !== 'stopping';
  const isShort = status.workers.ready < status.workers.wanted || status.phase !== 'serving';
  const isTroubled = first !== undefined || isShort;
  return {
    level: isBad ? 'bad' : isTroubled ? 'warning' : 'fine',
    sentence: first === undefined ? `${base}.` : `${base}; ${first.text}.`,
    details: rest.flatMap((trouble) => (trouble === undefined ? [] : [detailOf(trouble)])),
  };
}

function baseOf(status: ServiceStatus, serving: number, inFlight: number): string {
  const { phase, role, workers } = status;
  const requests =
    inFlight === 0 ? 'no request is' : inFlight === 1 ? '1 request is' : `${inFlight} requests are`;
  if (phase === 'stopping')
    return `The service stops: ${counted(workers.all, 'worker')} left, ${requests} in flight`;
  return [
    serversOf(workers.wanted, serving),
    ...(phase === 'starting' ? ['the service starts'] : []),
    ...(phase === 'draining' ? ['the service drains: it tells load balancers to send no new clients'] : []),
    ...(role === 'only' ? [] : [`an upgrade is under way, and this is the ${role} arbiter`]),
  ].join('; ');
}

function serversOf(wanted: number, ready: number): string {
  if (wanted === 0) return 'The service is paused: no worker serves, requests wait in the queue';
  if (ready === 0) return `No worker serves: ${wanted === 1 ? '1 is' : `${wanted} are`} wanted`;
  if (ready < wanted) return `${ready} of ${wanted} workers serve`;
  if (wanted === 1) return 'The one worker serves';
  return wanted === 2 ? 'Both workers serve' : `All ${wanted} workers serve`;
}

/** The worst first; of the same rank what is known to this second before what the doctor has found. */
function troublesOf(source: HealthSource, status: ServiceStatus): readonly Trouble[] {
  const found = foundOf(source);
  // That a start has failed says less than why.
  const [boots, others] = [true, false].map((isOne) => found.filter(({ isBoot }) => isBoot === isOne));
  const all = [...(boots ?? []), ...presentOf(source, status), ...(others ?? [])];
  return all.toSorted((one, other) => RANKS.indexOf(one.rank) - RANKS.indexOf(other.rank));
}

const RANKS: readonly Rank[] = ['critical', 'warning', 'notice', 'aside'];

function presentOf(source: HealthSource, status: ServiceStatus): readonly Trouble[] {
  const { conditions, nowMs, deaths, queued, retryMs } = source;
  const blocked = conditions.filter(({ record }) => record.event === 'loop-blocked');
  const others = conditions.filter(
    ({ record }) => record.event !== 'loop-blocked' && record.event !== 'nobody-serves',
  );
  const booting = status.processes.filter(({ state }) => BOOTING.includes(state)).length;
  return [
    ...(deaths.count > 2
      ? [critical(`workers die again and again, ${deaths.count} in the last minute${because(deaths.last)}`)]
      : []),
    ...blocked
      .toSorted((one, other) => one.sinceMs - other.sinceMs)
      .map((condition) => warning(blockText(condition, nowMs))),
    ...(status.reloadFailure === null
      ? []
      : [warning(`the last reload changed nothing: ${plainEnd(status.reloadFailure)}`)]),
    ...(deaths.count > 0 && deaths.count <= 2
      ? [warning(`${counted(deaths.count, 'worker')} died in the last minute${because(deaths.last)}`)]
      : []),
    ...(retryMs === null
      ? []
      : [warning(`the next worker is started in ${spanOf(retryMs)}, as they end too soon`)]),
    ...others.map(({ record }) => warning(plainEnd(lowerFirst(record.message)))),
    ...(booting > 0 && status.phase !== 'starting'
      ? [notice(`${counted(booting, 'worker')} boot${booting === 1 ? 's' : ''}`)]
      : []),
    ...(queued !== null && queued > 0 && blocked.length > 0
      ? [notice(`${counted(queued, 'connection')} wait in the queue`)]
      : []),
  ];
}

function critical(text: string): Trouble {
  return { rank: 'critical', text, isBoot: false };
}

function warning(text: string): Trouble {
  return { rank: 'warning', text, isBoot: false };
}

function notice(text: string): Trouble {
  return { rank: 'notice', text, isBoot: false };
}

/** What the sentence says in words of its own. */
const SAID: readonly string[] = ['workers', 'reload', 'upgrade'];
/** Of how the service was set up: worth a line, and no answer to what is wrong now. */
const ADVICE: readonly string[] = ['processors', 'user', 'backlog', 'open files', 'certificate', 'log'];

/** What the doctor alone has found. */
function foundOf({ findings, conditions, deaths }: HealthSource): readonly Trouble[] {
  const present = new Set<string>(conditions.map(({ record }) => record.event));
  const isBlocked = present.has('loop-blocked');
  return findings.flatMap(({ check, severity, message }): Trouble[] => {
    if (severity === 'fine' || SAID.includes(check) || present.has(check)) return [];
    if ((check === 'deaths' && deaths.count > 0) || (check === 'event loops' && isBlocked)) return [];
    const isAdvice = severity === 'notice' && ADVICE.includes(check);
    const text = plainEnd(check === 'certificate' ? `a certificate: ${message}` : lowerFirst(message));
    return [{ rank: isAdvice ? 'aside' : severity, text, isBoot: check === 'boots' }];
  });
}

function detailOf({ rank, text }: Trouble): string {
  const whole = rank === 'aside' ? `Worth knowing: ${text}` : text;
  return `${whole.charAt(0).toUpperCase()}${whole.slice(1)}.`;
}

const BOOTING: readonly string[] = ['spawning', 'booting', 'opening'];

function because(last: string | null): string {
  return last === null ? '' : `; the last: ${plainEnd(last)}`;
}

function blockText({ record, sinceMs }: Condition, nowMs: number): string {
  if (record.event !== 'loop-blocked') return '';
  const { worker, threadId, requests } = record;
  const where = worker.slot === null ? `worker ${worker.pid}` : `slot ${worker.slot}`;
  const thread = threadId === undefined ? '' : `, thread ${threadId},`;
  const request = (requests?.[0] ?? null) as { readonly method?: string; readonly path?: string } | null;
  const what = request?.method === undefined ? '' : ` in ${request.method} ${pathOf(request.path ?? '')}`;
  return `${where}${thread} has been blocked for ${spanOf(nowMs - sinceMs)}${what}`;
}

/** What is secret is behind the question mark, mostly. */
function pathOf(url: string): string {
  return url.split('?', 1)[0] ?? '';
}

/** As `12 s` or `3 min`. */
function spanOf(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  return seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}

function plainEnd(text: string): string {
  return (text.split('\n', 1)[0] ?? '').replace(/\.$/, '');
}

function lowerFirst(text: string): string {
  return /^[A-Z][a-z]/.test(text) && !text.startsWith('Worker')
    ? text.charAt(0).toLowerCase() + text.slice(1)
    : text;
}
