import { type Kind, Mismatch } from './setting.ts';

// Beyond 2^31 - 1 ms a Node timer fires at once.
const MAX_SECONDS = 2_147_483;

interface Scalar<Value> {
  readonly placeholder: string | null;
  readonly expected: string;
  /** Undefined is a mismatch. */
  readText(text: string): Value | undefined;
  readValue(value: unknown): Value | undefined;
  write?(value: Value): string;
}

/** A kind of one value: of a repeated flag the last counts. */
export function scalar<Value, Input = Value>(spec: Scalar<Value>): Kind<Value, Input> {
  const { placeholder, expected } = spec;
  const checked = (read: Value | undefined, got: unknown): Value => {
    if (read === undefined) throw new Mismatch(expected, got);
    return read;
  };
  return {
    placeholder,
    expected,
    fromText: (text) => checked(spec.readText(text), text),
    fromTexts(texts) {
      const last = texts.at(-1) ?? '';
      return checked(spec.readText(last), last);
    },
    fromValue: (value) => checked(spec.readValue(value), value),
    toText: (value) => spec.write?.(value) ?? String(value),
  };
}

/** A whole number from `min` to `max`, both included. */
export function integer(range: { min: number; max?: number; placeholder?: string }): Kind<number> {
  const { min, max = Number.MAX_SAFE_INTEGER, placeholder = 'number' } = range;
  const inRange = (value: unknown) =>
    typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max ? value : undefined;
  return scalar({
    placeholder,
    expected:
      range.max === undefined ? `a whole number ≥ ${min}` : `a whole number from ${min} to ${range.max}`,
    readText: (text) => (/^-?\d+$/.test(text) ? inRange(Number(text)) : undefined),
    readValue: inRange,
  });
}

/** A number of seconds; fractions are allowed. */
export function seconds(): Kind<number> {
  const inRange = (value: unknown) =>
    typeof value === 'number' && value >= 0 && value <= MAX_SECONDS ? value : undefined;
  return scalar({
    placeholder: 'seconds',
    expected: `a number of seconds from 0 to ${MAX_SECONDS}`,
    readText: (text) => (/^-?(\d+\.?\d*|\.\d+)$/.test(text) ? inRange(Number(text)) : undefined),
    readValue: inRange,
  });
}

/** A number from 0 to 1, both included. */
export function fraction(): Kind<number> {
  const inRange = (value: unknown) =>
    typeof value === 'number' && value >= 0 && value <= 1 ? value : undefined;
  return scalar({
    placeholder: 'number',
    expected: 'a number from 0 to 1',
    readText: (text) => (/^(\d+\.?\d*|\.\d+)$/.test(text) ? inRange(Number(text)) : undefined),
    readValue: inRange,
  });
}

const BYTES: Readonly<Record<string, number>> = { '': 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3 };

/** A size in bytes; text may have a unit, which is a power of 1024: `256M`, `1.5G`. */
export function size({ min }: { min: number }): Kind<number, number | string> {
  const read = (value: unknown) => readSize(value, min);
  return scalar({
    placeholder: 'size',
    expected: `a size of at least ${writeSize(min)}, such as 256M`,
    readText: read,
    readValue: read,
    write: writeSize,
  });
}

/** A size in bytes, or a part of a whole. */
export type Share = { readonly bytes: number } | { readonly percent: number };

/** A size of at least `min`, such as `512M`, or a percentage, such as `80%`. */
export function share({ min }: { min: number }): Kind<Share, number | string> {
  const read = (value: unknown): Share | undefined => {
    const percent = typeof value === 'string' ? readPercent(value) : undefined;
    if (percent !== undefined) return { percent };
    const bytes = readSize(value, min);
    return bytes === undefined ? undefined : { bytes };
  };
  return scalar({
    placeholder: 'size|percent',
    expected: `a size of at least ${writeSize(min)}, such as 512M or 1.5G, or a percentage from 1% to 100%`,
    readText: read,
    readValue: read,
    write: (value) => ('bytes' in value ? writeSize(value.bytes) : `${value.percent}%`),
  });
}

/** The bytes of a size as people write it; undefined where it is none, or less than `min`. */
export function readSize(value: unknown, min: number): number | undefined {
  const bytes = typeof value === 'string' ? parseSize(value) : value;
  return typeof bytes === 'number' && Number.isSafeInteger(bytes) && bytes >= min ? bytes : undefined;
}

function parseSize(text: string): number | undefined {
  const [, digits, unit = ''] = /^(\d+(?:\.\d+)?) ?([KMG]?)(?:i?B)?$/i.exec(text) ?? [];
  return digits === undefined ? undefined : Math.round(Number(digits) * (BYTES[unit.toUpperCase()] ?? 1));
}

function readPercent(text: string): number | undefined {
  const percent = /^\d+(?:\.\d+)? ?%$/.test(text) ? Number.parseFloat(text) : undefined;
  return percent !== undefined && percent >= 1 && percent <= 100 ? percent : undefined;
}

/** The size with the largest unit that loses nothing. */
export function writeSize(bytes: number): string {
  const [unit, factor] = Object.entries(BYTES).findLast(([, one]) => bytes % one === 0 && bytes > 0) ?? [
    '',
    1,
  ];
  return `${bytes / factor}${unit}`;
}

/** Text that is not empty. */
export function text(placeholder = 'text', expected = 'text that is not empty'): Kind<string> {
  const filled = (value: unknown) => (typeof value === 'string' && value.trim() !== '' ? value : undefined);
  return scalar({ placeholder, expected, readText: filled, readValue: filled });
}

/** The path of a file or directory; it is not looked at. */
export function path(placeholder = 'path'): Kind<string> {
  const usable = (value: unknown) =>
    typeof value === 'string' && value.trim() !== '' && !value.includes('\0') ? value : undefined;
  return scalar({ placeholder, expected: 'a path', readText: usable, readValue: usable });
}

/** What can stand in a line of statsd: no spaces, and nothing that ends a part of the line. */
export function lineText(placeholder: string): Kind<string> {
  const usable = (value: unknown) =>
    typeof value === 'string' && /^[^\s|#@\p{Cc}]+$/u.test(value) ? value : undefined;
  return scalar({
    placeholder,
    expected: 'text without spaces, |, # and @',
    readText: usable,
    readValue: usable,
  });
}

/** An URL of http or https, without a query, or `env`. */
export function httpUrl(): Kind<string> {
  const isUrl = (text: string) => /^https?:\/\/[^\s?#]+$/.test(text) && URL.canParse(text);
  const usable = (value: unknown) =>
    typeof value === 'string' && (value === 'env' || isUrl(value)) ? value : undefined;
  return scalar({
    placeholder: 'url',
    expected: 'an URL such as http://127.0.0.1:4318, or env',
    readText: usable,
    readValue: usable,
  });
}

/** The name of a header (RFC 9110, 5.6.2). */
export function headerName(): Kind<string> {
  const usable = (value: unknown) =>
    typeof value === 'string' && /^[\w!#$%&'*+.^`|~-]+$/.test(value) ? value : undefined;
  return scalar({
    placeholder: 'header',
    expected: 'the name of a header, such as X-Request-Id',
    readText: usable,
    readValue: usable,
  });
}

/** One of `words`, or one of `synonyms`, which stand for one of them. */
export function choice<const Word extends string, const Synonym extends string = never>(
  words: readonly Word[],
  synonyms?: Readonly<Record<Synonym, Word>>,
  placeholder = 'word',
): Kind<Word, Word | Synonym> {
  const known = new Map<unknown, Word>(words.map((word) => [word, word]));
  for (const [synonym, word] of Object.entries<Word>(synonyms ?? {})) known.set(synonym, word);
  return scalar({
    placeholder,
    expected: words.length === 1 ? `"${words[0]}"` : `one of ${words.join(', ')}`,
    readText: (text) => known.get(text.toLowerCase()),
    readValue: (value) => known.get(value),
  });
}

/** A switch: the bare flag is true; in the environment true and false, yes and no, on and off, 1 and 0. */
export function boolean(): Kind<boolean> {
  const words = new Map([
    ...['true', 'yes', 'on', '1'].map((word) => [word, true] as const),
    ...['false', 'no', 'off', '0'].map((word) => [word, false] as const),
  ]);
  return scalar({
    placeholder: null,
    expected: 'true or false',
    readText: (text) => words.get(text.toLowerCase()),
    readValue: (value) => (typeof value === 'boolean' ? value : undefined),
  });
}

/** Permission bits: text is octal with or without `0o`; a number in the config file is taken as it is. */
export function octalMode(): Kind<number, number | string> {
  const inRange = (value: unknown) =>
    typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 0o777 ? value : undefined;
  const readText = (text: string) =>
    /^(0o)?[0-7]+$/.test(text) ? inRange(Number.parseInt(text.replace('0o', ''), 8)) : undefined;
  return scalar({
    placeholder: 'mode',
    expected: 'an octal mode from 000 to 777',
    readText,
    readValue: (value) => (typeof value === 'string' ? readText(value) : inRange(value)),
    write: (value) => value.toString(8).padStart(3, '0'),
  });
}
