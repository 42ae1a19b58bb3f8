import {
  DURATION,
  DURATION_BOUNDS,
  type Family,
  families,
  METHODS,
  PROTOCOLS,
  SCHEMES,
} from '../metrics/catalogue.ts';
import { HEADER, type Member, members, widthOf } from '../metrics/layout.ts';
import type { Measure } from '../metrics/measured.ts';
import { ANY_STATUS, labelsOf, NO_ANSWER } from '../metrics/series.ts';
import type { Totals } from '../metrics/store.ts';
import type { Picture } from './picture.ts';

// The data of OpenTelemetry's exporters, which take plain objects. Sums are since the start of the service (cumulative).

/** Seconds and nanoseconds. */
type Time = [number, number];
type Attributes = Readonly<Record<string, string | number>>;
type Value = number | { buckets: { boundaries: number[]; counts: number[] }; sum: number; count: number };

interface Point {
  readonly attributes: Attributes;
  readonly value: Value;
}

/** One metric as an exporter takes it. */
export interface OtlpMetric {
  readonly descriptor: { name: string; description: string; unit: string; type: string; valueType: number };
  readonly dataPointType: number;
  readonly aggregationTemporality: number;
  readonly isMonotonic?: boolean;
  readonly dataPoints: readonly (Point & { readonly startTime: Time; readonly endTime: Time })[];
}

const KINDS = {
  histogram: { type: 'HISTOGRAM', dataPointType: 0 },
  gauge: { type: 'GAUGE', dataPointType: 2 },
  counter: { type: 'COUNTER', dataPointType: 3, isMonotonic: true },
} as const;
const DOUBLE = 1;
const CUMULATIVE = 1;

/** Where the name in OpenTelemetry is not that of Prometheus with points. */
const NAMES: Readonly<Record<string, string>> = {
  http_server_request_duration_seconds: 'http.server.request.duration',
  http_server_active_requests: 'http.server.active_requests',
  nodejs_eventloop_time_seconds_total: 'nodejs.eventloop.time',
  v8js_gc_duration_seconds: 'v8js.gc.duration',
  v8js_memory_heap_used_bytes: 'v8js.memory.heap.used',
  process_memory_usage_bytes: 'process.memory.usage',
  process_cpu_time_seconds_total: 'process.cpu.time',
};
const LABELS: Readonly<Record<string, string>> = {
  http_request_method: 'http.request.method',
  url_scheme: 'url.scheme',
  nodejs_eventloop_state: 'nodejs.eventloop.state',
  v8js_gc_type: 'v8js.gc.type',
  cpu_mode: 'cpu.mode',
};

/** When the counting began, of our own metrics and of those of the application, in milliseconds since 1970. */
export interface Starts {
  readonly own: number;
  readonly application: number;
}

/** All metrics of a picture. */
export function otlpMetrics({ totals, measured, atMs }: Picture, starts: Starts): readonly OtlpMetric[] {
  const metric = metricMaker(timeOf(starts.own), timeOf(atMs));
  const theirs = metricMaker(timeOf(starts.application), timeOf(atMs));
  const own = [...members].flatMap(([name, all]) => {
    const family: Family = families[name];
    // A summary has no counterpart that is not out of use.
    if (family.type === 'summary') return [];
    const points = family.perWorker
      ? perSlot(all, totals)
      : all.map((member) => pointOf(family, member, totals));
    return [metric(name, family.type, family.help, points)];
  });
  const durations = metric(DURATION.name, 'histogram', DURATION.help, requestDurations(totals));
  return [durations, ...own, ...measured.measures.flatMap((measure) => ofApplication(measure, theirs))];
}

function metricMaker(startTime: Time, endTime: Time) {
  return (name: string, type: keyof typeof KINDS, help: string, points: readonly Point[]): OtlpMetric => {
    const { type: kind, ...more } = KINDS[type];
    return {
      descriptor: {
        name: nameOf(name),
        description: help,
        unit: unitOf(name),
        type: kind,
        valueType: DOUBLE,
      },
      aggregationTemporality: CUMULATIVE,
      ...more,
      dataPoints: points.map((point) => ({ ...point, startTime, endTime })),
    };
  };
}

function requestDurations({ series }: Totals): readonly Point[] {
  // Each block has the series of what is folded.
  const used = [...series].filter(([, [, ...counts]]) => counts.some((count) => count > 0));
  return used.map(([key, [sum = 0, ...counts]]) => {
    const { method, status, protocol, scheme } = labelsOf(key);
    const answered = status !== NO_ANSWER && status !== ANY_STATUS;
    const error = status === NO_ANSWER ? 'client_left' : status === ANY_STATUS ? '_OTHER' : `${status}`;
    return {
      attributes: {
        'http.request.method': METHODS[method] ?? '_OTHER',
        'url.scheme': SCHEMES[scheme] ?? 'http',
        'network.protocol.version': PROTOCOLS[protocol] ?? '_OTHER',
        ...(answered ? { 'http.response.status_code': status } : {}),
        ...(answered && status < 500 ? {} : { 'error.type': error }),
      },
      value: histogramOf(DURATION_BOUNDS, sum, counts),
    };
  });
}

function pointOf(family: Family, { labels, at }: Member, { figures }: Totals): Point {
  const attributes = Object.fromEntries(
    Object.entries(labels).map(([label, value]) => [LABELS[label] ?? label, value]),
  );
  if (family.type !== 'histogram') return { attributes, value: figures[at] ?? 0 };
  const [sum = 0, ...counts] = figures.subarray(at, at + widthOf(family));
  return { attributes, value: histogramOf(family.bounds ?? [], sum, counts) };
}

/** A worker and its replacement have the same slot. */
function perSlot([member]: readonly Member[], { workers }: Totals): readonly Point[] {
  const bySlot = new Map<string, number>();
  for (const figures of workers) {
    const slot = (figures[HEADER.slot] ?? 0) - 1;
    const name = slot < 0 ? 'spare' : `${slot}`;
    bySlot.set(name, (bySlot.get(name) ?? 0) + (figures[member?.at ?? 0] ?? 0));
  }
  return [...bySlot].map(([slot, value]) => ({ attributes: { slot }, value }));
}

function ofApplication(
  { name, type, help, labels, bounds, series }: Measure,
  metric: ReturnType<typeof metricMaker>,
): readonly OtlpMetric[] {
  // As in the exposition: ours are not to be had twice.
  if (type === 'summary' || name === DURATION.name || name in families) return [];
  const points = series.map(([values, [first = 0, ...counts]]): Point => {
    const attributes = Object.fromEntries(labels.map((label, at) => [label, values[at] ?? '']));
    return { attributes, value: type === 'histogram' ? histogramOf(bounds, first, counts) : first };
  });
  return [metric(name, type, help, points)];
}

function histogramOf(bounds: readonly number[], sum: number, counts: readonly number[]): Value {
  const count = counts.reduce((all, one) => all + one, 0);
  return { buckets: { boundaries: [...bounds], counts: [...counts] }, sum, count };
}

/** As OpenTelemetry's own conversion to Prometheus would find it: without the suffixes. */
function nameOf(name: string): string {
  const short = name.replace(/_total$/, '').replace(/_(?:seconds|bytes)$/, '');
  return NAMES[name] ?? (name.startsWith('tsunicorn_') ? short.replace('_', '.') : short);
}

function unitOf(name: string): string {
  const [, unit] = /_(seconds|bytes)(?:_total)?$/.exec(name) ?? [];
  return unit === 'seconds' ? 's' : unit === 'bytes' ? 'By' : '1';
}

function timeOf(ms: number): Time {
  const seconds = Math.floor(ms / 1000);
  return [seconds, Math.round((ms - seconds * 1000) * 1e6)];
}
