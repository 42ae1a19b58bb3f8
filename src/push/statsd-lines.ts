import { DURATION_BOUNDS } from '../metrics/catalogue.ts';
import { members } from '../metrics/layout.ts';
import { ANY_STATUS, labelsOf, NO_ANSWER } from '../metrics/series.ts';
import type { Totals } from '../metrics/store.ts';
import type { Picture } from './picture.ts';

/** How lines are written. */
export interface StatsdStyle {
  /** In front of each name, with its point; may be empty. */
  readonly prefix: string;
  /** Behind each line: `|#a:b,c`, or `''`. */
  readonly tags: string;
}

/** What has been counted so far. */
export interface Counted {
  /** By status; '' where there was no answer. */
  readonly statuses: ReadonlyMap<string, number>;
  readonly seconds: number;
  readonly buckets: readonly number[];
  /** By the name that the line has. */
  readonly others: ReadonlyMap<string, number>;
}

const LEVELS = ['critical', 'error', 'warning', 'exception'] as const;

/** The sums of a picture. */
export function countedIn({ series, figures }: Totals): Counted {
  const statuses = new Map<string, number>();
  const buckets = Array.from({ length: DURATION_BOUNDS.length + 1 }, () => 0);
  let seconds = 0;
  for (const [key, [sum = 0, ...counts]] of series) {
    const { status } = labelsOf(key);
    const name = status === NO_ANSWER || status === ANY_STATUS ? '' : `${status}`;
    seconds += sum;
    for (const [at, count] of counts.entries()) {
      buckets[at] = (buckets[at] ?? 0) + count;
      statuses.set(name, (statuses.get(name) ?? 0) + count);
    }
  }
  const sumOf = (family: Parameters<typeof members.get>[0], label?: string) =>
    (members.get(family) ?? [])
      .filter(({ labels }) => label === undefined || Object.values(labels).includes(label))
      .reduce((sum, { at }) => sum + (figures[at] ?? 0), 0);
  const others = new Map([
    ...LEVELS.map((level) => [`gunicorn.log.${level}`, sumOf('tsunicorn_log_records_total', level)] as const),
    ['tsunicorn.worker.exits', sumOf('tsunicorn_worker_exits_total')],
    ['tsunicorn.requests.cut', sumOf('tsunicorn_requests_cut_total')],
    ['tsunicorn.requests.refused', sumOf('tsunicorn_requests_refused_total')],
  ]);
  return { statuses, seconds, buckets, others };
}

/** The lines for what was counted between two moments, and for the gauges of the latter. */
export function linesOf(before: Counted, { totals, status }: Picture, style: StatsdStyle): readonly string[] {
  const now = countedIn(totals);
  const line = (name: string, value: number, type: string) =>
    `${style.prefix}${name}:${shortOf(value)}|${type}${style.tags}`;
  const rises = (name: string, from: number, to: number) => (to > from ? [line(name, to - from, 'c')] : []);
  const requests = [...now.buckets.keys()].map((at) => (now.buckets[at] ?? 0) - (before.buckets[at] ?? 0));
  const count = requests.reduce((sum, one) => sum + one, 0);
  return [
    ...rises('gunicorn.requests', 0, count),
    ...[...now.statuses].flatMap(([name, sum]) =>
      name === '' ? [] : rises(`gunicorn.request.status.${name}`, before.statuses.get(name) ?? 0, sum),
    ),
    ...durations(requests, now.seconds - before.seconds).map(([ms, times]) =>
      line('gunicorn.request.duration', ms, times === 1 ? 'ms' : `ms|@${shortOf(1 / times)}`),
    ),
    ...[...now.others].flatMap(([name, sum]) => rises(name, before.others.get(name) ?? 0, sum)),
    line('gunicorn.workers', status.workers.all, 'g'),
    line('tsunicorn.workers.ready', status.workers.ready, 'g'),
    line('tsunicorn.requests.active', gauge(totals, 'http_server_active_requests'), 'g'),
    line('tsunicorn.connections', gauge(totals, 'tsunicorn_connections'), 'g'),
  ];
}

/**
 * Milliseconds, and how many requests they stand for: each bucket is one value with a sample rate, since only buckets are
 * known of a request. It is the mean where all are in one bucket, otherwise the middle of the bucket.
 */
function durations(requests: readonly number[], seconds: number): readonly (readonly [number, number])[] {
  const used = [...requests.entries()].filter(([, count]) => count > 0);
  const only = used.length === 1 ? used[0]?.[1] : undefined;
  return used.map(([at, count]) => {
    const from = DURATION_BOUNDS[at - 1] ?? 0;
    const to = DURATION_BOUNDS[at] ?? from;
    return [1000 * (only === undefined ? (from + to) / 2 : seconds / only), count];
  });
}

function gauge({ figures }: Totals, family: 'http_server_active_requests' | 'tsunicorn_connections'): number {
  return (members.get(family) ?? []).reduce((sum, { at }) => sum + Math.max(0, figures[at] ?? 0), 0);
}

/** Not in the form 1e-7, which receivers do not read. */
function shortOf(value: number): string {
  return Number.isInteger(value) ? `${value}` : value.toFixed(9).replace(/0+$/, '');
}

/** As few packets of at most `bytes` as the lines take. */
export function packetsOf(lines: readonly string[], bytes: number): readonly string[] {
  const packets: string[] = [];
  let packet = '';
  for (const line of lines) {
    if (packet !== '' && packet.length + 1 + line.length > bytes) {
      packets.push(packet);
      packet = '';
    }
    packet = packet === '' ? line : `${packet}\n${line}`;
  }
  return packet === '' ? packets : [...packets, packet];
}
