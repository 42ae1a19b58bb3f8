import { MEASURES, type Measure } from '../metrics/measured.ts';
import { type Check, type Family, Registry } from './registry.ts';

/** The values of the labels of one series. */
export type Labels = Readonly<Record<string, string | number>>;

/** What a metric is about. */
export interface MetricOptions {
  /** A sentence for people. */
  readonly help?: string;
  /** The names of its labels. Each value of them makes a series: use none that clients choose, such as paths or ids. */
  readonly labels?: readonly string[];
}

export interface HistogramOptions extends MetricOptions {
  /** The upper bounds of its buckets, rising. By default those that OpenTelemetry advises for seconds. */
  readonly buckets?: readonly number[];
}

/** A number that only rises. The sum over all workers is shown, those that have ended included. */
export interface Counter {
  /** Adds 1, or an amount of 0 or more. */
  add(amount?: number, labels?: Labels): void;
}

/** A number that rises and falls. The sum over living workers is shown. */
export interface Gauge {
  set(value: number, labels?: Labels): void;
  add(amount: number, labels?: Labels): void;
}

/** A distribution, summed over all workers as a counter is. */
export interface Histogram {
  observe(value: number, labels?: Labels): void;
}

const NAME = /^[a-zA-Z_:][\w:]*$/;
const LABEL = /^(?!__)[a-zA-Z_]\w*$/;
const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
const registry = registered();

/** A counter of that name; the same one for the same name. Throws a TypeError for a name that Prometheus does not know. */
export function counter(name: string, options: MetricOptions = {}): Counter {
  const family = familyOf('counter', name.endsWith('_total') ? name : `${name}_total`, options);
  return {
    add(amount = 1, labels = {}) {
      if (!(amount >= 0)) throw new RangeError(`${name}: a counter only rises, and ${amount} is no amount`);
      plus(family.numbers(labels), 0, amount);
    },
  };
}

/** A gauge of that name; the same one for the same name. Throws as counter() does. */
export function gauge(name: string, options: MetricOptions = {}): Gauge {
  const family = familyOf('gauge', name, options);
  return {
    set(value, labels = {}) {
      family.numbers(labels)[0] = value;
    },
    add: (amount, labels = {}) => plus(family.numbers(labels), 0, amount),
  };
}

/** A histogram of that name; the same one for the same name. Throws as counter() does. */
export function histogram(name: string, options: HistogramOptions = {}): Histogram {
  const bounds = options.buckets ?? SECONDS;
  if (bounds.length === 0 || bounds.some((bound, at) => !(bound > (bounds[at - 1] ?? -Infinity))))
    throw new TypeError(`${name}: the buckets must rise`);
  const family = familyOf('histogram', name, options, bounds);
  return {
    observe(value, labels = {}) {
      const numbers = family.numbers(labels);
      const found = bounds.findIndex((bound) => value <= bound);
      plus(numbers, 0, value);
      plus(numbers, 1 + (found < 0 ? bounds.length : found), 1);
    },
  };
}

/**
 * A health check of this worker, which runs once a second: while it throws, rejects, returns false or takes longer than
 * 5 s, the worker does not count for `/readyz`.
 */
export function check(name: string, run: Check): void {
  registry.check(name, run);
}

function familyOf(
  type: Measure['type'],
  name: string,
  { help = name, labels = [] }: MetricOptions,
  bounds: readonly number[] = [],
): Family {
  if (!NAME.test(name) || name.startsWith('tsunicorn_'))
    throw new TypeError(
      `${name} is no name of a metric: use letters, digits and _, and not the prefix tsunicorn_`,
    );
  const wrong = labels.find((label) => !LABEL.test(label) || label === 'le');
  if (wrong !== undefined) throw new TypeError(`${name}: ${wrong} is no name of a label`);
  return registry.family({ name, type, help: help.replace(/\.$/, ''), labels, bounds });
}

function plus(numbers: number[], at: number, amount: number): void {
  numbers[at] = (numbers[at] ?? 0) + amount;
}

function registered(): Registry {
  const known: unknown = Reflect.get(globalThis, MEASURES);
  if (known !== undefined) return known as Registry;
  const made = new Registry();
  Object.defineProperty(globalThis, MEASURES, { value: made });
  return made;
}
