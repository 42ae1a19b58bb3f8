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
import { HEADER, type Member, members, widthOf } from '../metrics/layout.ts';
import type { Measure, MeasuredTotals } from '../metrics/measured.ts';
import { ANY_STATUS, labelsOf, NO_ANSWER } from '../metrics/series.ts';
import type { Totals } from '../metrics/store.ts';
import {
  type ExpositionFormat,
  headOf,
  histogramText,
  type Labels,
  type Lines,
  linesOf,
  valuesText,
} from './lines.ts';

export type { ExpositionFormat } from './lines.ts';

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

/**
 * All figures as text. Whatever of it is the same each time is made once: V8 has mostly not compiled what runs every 15 s,
 * and a scrape should not be slow where every processor is busy.
 */
export class Exposition {
  readonly #pages = new Map<ExpositionFormat, Page>();

  /** Each line ends in a newline. */
  text(
    totals: Totals,
    present: Present,
    format: ExpositionFormat,
    measured: Pick<MeasuredTotals, 'measures'> = { measures: [] },
  ): string {
    const page = this.#pages.get(format) ?? new Page(format);
    this.#pages.set(format, page);
    return page.text(totals, present, measured.measures);
  }
}

type Part = (totals: Totals, present: Present) => string;

/** The text of one format. */
class Page {
  readonly #format: ExpositionFormat;
  readonly #parts: readonly Part[];

  constructor(format: ExpositionFormat) {
    this.#format = format;
    this.#parts = [
      durationsPart(format),
      ...[...members].map(([name, all]) => partOf(name, all, format)),
      ...Object.entries<Family>(presentFamilies).map(([name, family]) =>
        presentPart(name as keyof Present, family, format),
      ),
    ];
  }

  text(totals: Totals, present: Present, measures: readonly Measure[]): string {
    let text = '';
    for (const part of this.#parts) text += part(totals, present);
    for (const measure of measures) text += measureText(measure, this.#format);
    return this.#format === 'openMetrics' ? `${text}# EOF\n` : text;
  }
}

function durationsPart(format: ExpositionFormat): Part {
  const family = { type: 'histogram', help: DURATION.help, bounds: DURATION_BOUNDS } as const;
  const head = headOf(DURATION.name, family, format);
  const linesByKey = new Map<number, Lines>();
  const linesFor = (key: number) => {
    const lines = linesByKey.get(key) ?? linesOf(DURATION.name, family, requestLabels(key), format);
    linesByKey.set(key, lines);
    return lines;
  };
  return ({ series, exemplars }) => {
    let text = head;
    for (const key of [...series.keys()].sort((one, other) => one - other)) {
      const numbers = series.get(key) ?? [];
      const known = format === 'openMetrics' ? (exemplars.get(key) ?? null) : null;
      if (hasCounted(numbers)) text += histogramText(linesFor(key), numbers, 0, known);
    }
    return text;
  };
}

/** Whether a histogram has counted anything; the first of its numbers is the sum. */
function hasCounted(numbers: ArrayLike<number>): boolean {
  for (let at = 1; at < numbers.length; at++) if ((numbers[at] ?? 0) > 0) return true;
  return false;
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

function partOf(name: FamilyName, all: readonly Member[], format: ExpositionFormat): Part {
  const family = families[name];
  if (family.perWorker) return perWorkerPart(name, family, all, format);
  const lines = all.map(({ labels }) => linesOf(name, family, labels, format));
  const head = headOf(name, family, format);
  if (name === 'http_server_active_requests') return activePart(head, all, lines);
  const textAt = family.type === 'histogram' ? histogramText : valuesText;
  return unlessTheSame(all, family, (figures) => {
    let text = head;
    for (const [index, { at }] of all.entries()) text += textAt(lines[index] ?? [], figures, at);
    return text;
  });
}

/** Makes a text again only where a number of the family has changed: most stay 0, or change once a day. */
function unlessTheSame(
  all: readonly Member[],
  family: Family,
  make: (figures: Float64Array) => string,
): Part {
  const from = all[0]?.at ?? 0;
  const latest = new Float64Array(all.length * widthOf(family));
  let text: string | null = null;
  return ({ figures }) => {
    let isSame = text !== null;
    for (let at = 0; at < latest.length && isSame; at++) isSame = latest[at] === figures[from + at];
    if (text !== null && isSame) return text;
    latest.set(figures.subarray(from, from + latest.length));
    text = make(figures);
    return text;
  };
}

/** Not the methods that no client has used. */
function activePart(head: string, all: readonly Member[], lines: readonly Lines[]): Part {
  return ({ figures, series }) => {
    const used = new Set<number>();
    for (const key of series.keys()) {
      const { method, scheme } = labelsOf(key);
      used.add(method * SCHEMES.length + scheme);
    }
    let text = head;
    for (const [index, { at }] of all.entries())
      if ((figures[at] ?? 0) !== 0 || used.has(index)) text += valuesText(lines[index] ?? [], figures, at);
    return text;
  };
}

/** Of a worker and its replacement, which have the same slot, the sum. */
function perWorkerPart(
  name: FamilyName,
  family: Family,
  all: readonly Member[],
  format: ExpositionFormat,
): Part {
  const head = headOf(name, family, format);
  const at = all[0]?.at ?? 0;
  return ({ workers }) => {
    const bySlot = new Map<string, number>();
    for (const figures of workers) {
      const slot = (figures[HEADER.slot] ?? 0) - 1;
      const label = slot < 0 ? 'spare' : `${slot}`;
      bySlot.set(label, (bySlot.get(label) ?? 0) + (figures[at] ?? 0));
    }
    let text = head;
    for (const [slot, value] of [...bySlot].toSorted())
      text += valuesText(linesOf(name, family, { slot }, format), [value], 0);
    return text;
  };
}

function presentPart(name: keyof Present, family: Family, format: ExpositionFormat): Part {
  const head = headOf(name, family, format);
  const plain = linesOf(name, family, {}, format);
  return (_, present) => {
    const value = present[name];
    if (typeof value === 'number') return `${head}${valuesText(plain, [value], 0)}`;
    let text = head;
    for (const [labels, one] of value) text += valuesText(linesOf(name, family, labels, format), [one], 0);
    return text;
  };
}

/** A metric of the application; one of our names is ours. */
function measureText(measure: Measure, format: ExpositionFormat): string {
  const { name, type, help, labels, series } = measure;
  if (name === DURATION.name || name in families || name in presentFamilies) return '';
  const textAt = type === 'histogram' ? histogramText : valuesText;
  let text = headOf(name, { type, help: help.replace(/[\\\n]/g, ' ') }, format);
  for (const [values, numbers] of series) {
    const named = Object.fromEntries(labels.map((label, at) => [label, values[at] ?? '']));
    text += textAt(linesOf(name, measure, named, format), numbers, 0);
  }
  return text;
}
