import { type Kind, Mismatch } from './setting.ts';
import { joinArguments, splitArguments } from './sources/split-arguments.ts';

/** The kind, or null, which only the config file and the default can say. */
export function nullable<Value, Input>(kind: Kind<Value, Input>): Kind<Value | null, Input | null> {
  return {
    placeholder: kind.placeholder,
    expected: kind.expected,
    fromText: (text) => kind.fromText(text),
    fromTexts: (texts) => kind.fromTexts(texts),
    fromValue: (value) => (value === null ? null : kind.fromValue(value)),
    toText: (value) => (value === null ? 'none' : kind.toText(value)),
  };
}

/**
 * Several values: a repeated flag, a comma-separated variable, an array or a single value in the config file.
 * `least` is how many there must be.
 */
export function listOf<Value, Input>(
  kind: Kind<Value, Input>,
  least: number,
): Kind<readonly Value[], Input | readonly Input[]> {
  const expected = `${kind.expected}, or a list of such`;
  const enough = (values: readonly Value[], got: unknown) => {
    if (values.length < least) throw new Mismatch(expected, got);
    return values;
  };
  return {
    placeholder: kind.placeholder,
    expected,
    fromText: (text) => enough(splitAtCommas(text).map(kind.fromText), text),
    fromTexts: (texts) => enough(texts.map(kind.fromText), texts),
    fromValue: (value) => enough([value].flat().map(kind.fromValue), value),
    toText: (values) => (values.length === 0 ? 'none' : values.map(kind.toText).join(',')),
  };
}

/** The arguments of a command: words behind `--`, an array in the config file. */
export function words(placeholder: string): Kind<readonly string[], readonly (string | number)[]> {
  const expected = 'a list of texts';
  return {
    placeholder,
    expected,
    fromText: (text) => splitArguments(placeholder, text),
    fromTexts: (texts) => texts,
    fromValue(value) {
      if (!Array.isArray(value)) throw new Mismatch(expected, value);
      return value.map((word: unknown) => {
        if (typeof word !== 'string' && typeof word !== 'number') throw new Mismatch(expected, word);
        return String(word);
      });
    },
    toText: (value) => (value.length === 0 ? 'none' : joinArguments(value)),
  };
}

type Table = Readonly<Record<string, string>>;

/** Names with values: a repeated `K=V`, an object in the config file. Tables of several sources are merged. */
export function table(): Kind<Table, Readonly<Record<string, string | number>>> {
  const expected = 'NAME=VALUE';
  const entry = (text: string) => {
    const at = text.indexOf('=');
    if (at < 1) throw new Mismatch(expected, text);
    return [text.slice(0, at), text.slice(at + 1)] as const;
  };
  return {
    placeholder: expected,
    expected,
    fromText: (text) => Object.fromEntries(splitAtCommas(text).map(entry)),
    fromTexts: (texts) => Object.fromEntries(texts.map(entry)),
    fromValue: tableFromValue,
    toText: (values) => renderTable(values),
    merge: (lower, higher) => ({ ...lower, ...higher }),
  };
}

function tableFromValue(value: unknown): Table {
  const expected = 'an object of names and texts';
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Mismatch(expected, value);
  const entries = Object.entries(value).map(([name, held]: [string, unknown]) => {
    if (name === '' || name.includes('=')) throw new Mismatch('a name without "="', name);
    if (typeof held !== 'string' && typeof held !== 'number') throw new Mismatch(`text for "${name}"`, held);
    return [name, String(held)] as const;
  });
  return Object.fromEntries(entries);
}

function renderTable(values: Table): string {
  const entries = Object.entries(values);
  return entries.length === 0 ? 'none' : entries.map(([name, value]) => `${name}=${value}`).join(',');
}

function splitAtCommas(text: string): readonly string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}
