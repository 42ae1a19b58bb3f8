import {
  DURATION,
  DURATION_BOUNDS,
  type Family,
  type FamilyName,
  families,
  METHODS,
  PROTOCOLS,
  presentFamilies,
  SCHEMES,
} from '../metrics/catalogue.ts';
import type { Exemplar } from '../metrics/exemplars.ts';
import { HEADER, type Member, members, widthOf } from '../metrics/layout.ts';
import type { Measure, MeasuredTotals } from '../metrics/measured.ts';
import { ANY_STATUS, labelsOf, NO_ANSWER } from '../metrics/series.ts';
import type { Totals } from '../metrics/store.ts';

/** The two formats of Prometheus: its own text (0.0.4), and OpenMetrics (1.0.0). */
export type ExpositionFormat = 'text' | 'openMetrics';

export const CONTENT_TYPES: Readonly<Record<ExpositionFormat, string>> = {
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openMetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
};

/** The format that an Accept header asks for. */
export function formatFor(accept: string): ExpositionFormat {
  return /application\/openmetrics-text/.test(accept) ? 'openMetrics' : 'text';
}

/** What is known when it is asked for: a value, or one for each combination of labels, by family. */
export type Present = Readonly<Record<keyof typeof presentFamilies, number | readonly Sample[]>>;

export type Sample = readonly [Labels, number];

type Labels = Readonly<Record<string, string>>;

/** All figures as text; each line ends in a newline. */
export function expose(
  totals: Totals,
  present: Present,
  format: ExpositionFormat,
  measured: Pick<MeasuredTotals, 'measures'> = { measures: [] },
): string {
  const page = new Page(format);
  requestDurations(page, totals);
  for (const [name, all] of members) familyOf(page, name, all, totals);
  for (const [name, family] of Object.entries<Family>(presentFamilies)) {
    const value = present[name as keyof Present];
    page.head(name, family);
    if (typeof value === 'number') page.sample(name, {}, value);
    else for (const [labels, one] of value) page.sample(name, labels, one);
  }
  for (const measure of measured.measures) ofApplication(page, measure);
  return page.text;
}

class Page {
  readonly #format: ExpositionFormat;
  #lines: string[] = [];

  constructor(format: ExpositionFormat) {
    this.#format = format;
  }

  get text(): string {
    const end = this.#format === 'openMetrics' ? '# EOF\n' : '';
    return `${this.#lines.join('')}${end}`;
  }

  head(name: string, { type, help }: Pick<Family, 'type' | 'help'>): void {
    // In OpenMetrics a counter is named without the suffix of its samples.
    const family = this.#format === 'openMetrics' && type === 'counter' ? name.replace(/_total$/, '') : name;
    this.#lines.push(`# HELP ${family} ${help}.\n# TYPE ${family} ${type}\n`);
  }

  sample(name: string, labels: Labels, value: number): void {
    this.#sample(name, textOf(labels), value);
  }

  #sample(name: string, labels: string, value: number, exemplar = ''): void {
    this.#lines.push(
      labels === '' ? `${name} ${value}${exemplar}\n` : `${name}{${labels}} ${value}${exemplar}\n`,
    );
  }

  histogram(
    name: string,
    labels: Labels,
    bounds: readonly number[],
    sum: number,
    buckets: ArrayLike<number>,
    exemplars?: ReadonlyMap<number, Exemplar>,
  ): void {
    const text = textOf(labels);
    const [bucket, before] = [`${name}_bucket`, text === '' ? '' : `${text},`];
    let count = 0;
    for (const [index, bound] of bounds.entries()) {
      count += buckets[index] ?? 0;
      this.#sample(
        bucket,
        `${before}le="${this.#bound(bound)}"`,
        count,
        this.#exemplar(exemplars?.get(index)),
      );
    }
    count += buckets[bounds.length] ?? 0;
    this.#sample(bucket, `${before}le="+Inf"`, count, this.#exemplar(exemplars?.get(bounds.length)));
    this.#sample(`${name}_sum`, text, sum);
    this.#sample(`${name}_count`, text, count);
  }

  /** As it stands behind the value of a bucket; Prometheus' own text has none. */
  #exemplar(exemplar: Exemplar | undefined): string {
    if (exemplar === undefined || this.#format === 'text') return '';
    const { traceId, spanId, seconds, at } = exemplar;
    const labels = spanId === null ? `trace_id="${traceId}"` : `trace_id="${traceId}",span_id="${spanId}"`;
    return ` # {${labels}} ${seconds} ${at.toFixed(3)}`;
  }

  /** OpenMetrics wants a point in every number. */
  #bound(bound: number): string {
    return this.#format === 'openMetrics' && Number.isInteger(bound) ? `${bound}.0` : `${bound}`;
  }
}

/** As between the braces of a sample. */
function textOf(labels: Labels): string {
  let text = '';
  for (const label in labels) text += `${text === '' ? '' : ','}${label}="${escaped(labels[label] ?? '')}"`;
  return text;
}

/** The same in both formats; a path of a Unix socket may hold anything. */
function escaped(value: string): string {
  if (!/["\\\n]/.test(value)) return value;
  return value.replace(/["\\\n]/g, (found) => (found === '\n' ? '\\n' : `\\${found}`));
}

/** A metric of the application; one of our names is ours. */
function ofApplication(page: Page, { name, type, help, labels, bounds, series }: Measure): void {
  if (name === DURATION.name || name in families || name in presentFamilies) return;
  page.head(name, { type, help: help.replace(/[\\\n]/g, ' ') });
  for (const [values, [first = 0, ...buckets]] of series) {
    const named = Object.fromEntries(labels.map((label, at) => [label, values[at] ?? '']));
    if (type === 'histogram') page.histogram(name, named, bounds, first, buckets);
    else if (type === 'summary') {
      page.sample(`${name}_sum`, named, first);
      page.sample(`${name}_count`, named, buckets[0] ?? 0);
    } else page.sample(name, named, first);
  }
}

function requestDurations(page: Page, { series, exemplars }: Totals): void {
  page.head(DURATION.name, { type: 'histogram', help: DURATION.help });
  for (const [key, [sum = 0, ...buckets]] of [...series].toSorted(([one], [other]) => one - other))
    if (buckets.some((count) => count > 0))
      page.histogram(DURATION.name, requestLabels(key), DURATION_BOUNDS, sum, buckets, exemplars.get(key));
}

function requestLabels(key: number): Labels {
  const { method, status, protocol, scheme } = labelsOf(key);
  const answered = status !== NO_ANSWER && status !== ANY_STATUS;
  const error = errorType(status);
  return {
    http_request_method: METHODS[method] ?? '_OTHER',
    ...(answered ? { http_response_status_code: `${status}` } : {}),
    url_scheme: SCHEMES[scheme] ?? 'http',
    network_protocol_version: PROTOCOLS[protocol] ?? '_OTHER',
    ...(error === null ? {} : { error_type: error }),
  };
}

/** As OpenTelemetry has it: the status of an answer from 500 up, or a name of what happened. */
function errorType(status: number): string | null {
  if (status === NO_ANSWER) return 'client_left';
  if (status === ANY_STATUS) return '_OTHER';
  return status >= 500 ? `${status}` : null;
}

function familyOf(page: Page, name: FamilyName, all: readonly Member[], totals: Totals): void {
  const family = families[name];
  page.head(name, family);
  if (family.perWorker) return perWorker(page, name, all, totals);
  const { figures } = totals;
  for (const { labels, at } of all.filter((member) => isShown(name, member, totals))) {
    if (family.type === 'histogram')
      page.histogram(
        name,
        labels,
        family.bounds ?? [],
        figures[at] ?? 0,
        figures.subarray(at + 1, at + widthOf(family)),
      );
    else if (family.type === 'summary') {
      page.sample(`${name}_sum`, labels, figures[at] ?? 0);
      page.sample(`${name}_count`, labels, figures[at + 1] ?? 0);
    } else page.sample(name, labels, figures[at] ?? 0);
  }
}

/** Not the methods that no client has used. */
function isShown(name: FamilyName, { labels, at }: Member, { figures, series }: Totals): boolean {
  if (name !== 'http_server_active_requests' || (figures[at] ?? 0) !== 0) return true;
  for (const key of series.keys()) {
    const { method, scheme } = labelsOf(key);
    if (METHODS[method] === labels.http_request_method && SCHEMES[scheme] === labels.url_scheme) return true;
  }
  return false;
}

/** Of a worker and its replacement, which have the same slot, the sum. */
function perWorker(page: Page, name: string, all: readonly Member[], { workers }: Totals): void {
  const at = all[0]?.at ?? 0;
  const bySlot = new Map<string, number>();
  for (const figures of workers) {
    const slot = (figures[HEADER.slot] ?? 0) - 1;
    const label = slot < 0 ? 'spare' : `${slot}`;
    bySlot.set(label, (bySlot.get(label) ?? 0) + (figures[at] ?? 0));
  }
  for (const [slot, value] of [...bySlot].toSorted()) page.sample(name, { slot }, value);
}
