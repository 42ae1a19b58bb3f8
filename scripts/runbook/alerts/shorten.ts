const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
/** The windows of an expression, as `[5m]`, and how long it has to hold, as `for: 2m`. */
const DURATIONS = /(?<=\[|^ *for: )\d+(?:ms|s|m|h|d)(?=\]|$)/gm;

/** Rules in a time that passes so many times faster: each window and each `for` is divided, and nothing else is changed. */
export function shorten(rules: string, times: number): string {
  return rules.replaceAll(DURATIONS, (duration) => inMs(msOf(duration) / times));
}

/** The longest `for` of rules, in milliseconds. */
export function longestFor(rules: string): number {
  const all = [...rules.matchAll(/^ *for: (\S+)$/gm)].map(([, duration = '']) => msOf(duration));
  return Math.max(0, ...all);
}

/** A duration of Prometheus, which has no fractions. */
export function inMs(ms: number): string {
  return `${Math.round(ms)}ms`;
}

function msOf(duration: string): number {
  const [, count, unit = ''] = /^(\d+)([a-z]+)$/.exec(duration) ?? [];
  const scale = UNITS[unit];
  if (count === undefined || scale === undefined) throw new Error(`${duration} is no duration`);
  return Number(count) * scale;
}
