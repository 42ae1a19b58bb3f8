/**
 * The values a setting can have: how they are read and written, and what to say of anything else.
 * `Input` is what the config file's type accepts for it. Every `from…` throws a Mismatch.
 */
export interface Kind<Value, Input = Value> {
  /** What stands for the value in the usage (`<count>` without the brackets); null where a flag takes none. */
  readonly placeholder: string | null;
  /** Completes the sentence "expected …". */
  readonly expected: string;
  /** One environment variable. */
  fromText(text: string): Value;
  /** Every occurrence of the flag, in order, at least one. */
  fromTexts(texts: readonly string[]): Value;
  /** The value of the key in the config file. */
  fromValue(value: unknown): Value;
  /** Text that `fromText` reads back, save for null, which is `none`. */
  toText(value: Value): string;
  /** Joins the value of a higher source with that of a lower one; without this the higher one replaces the lower. */
  merge?(lower: Value, higher: Value): Value;
  /** Never set: it carries the type to `UserConfig`. */
  readonly input?: Input;
}

/** Which sources besides the command line may give the setting. */
export type Reach = 'everywhere' | 'notEnvironment' | 'notConfig' | 'argumentsOnly' | 'configOnly';

/** A variable that is read besides the setting's own `TSUNICORN_…`. `read` throws a Mismatch. */
interface ExtraVariable<Value> {
  readonly name: string;
  read(text: string): Value;
}

/** What a setting depends on, of the others: names of the catalogue. A switch, a number or a list counts where it is not off. */
export type Need =
  | { readonly classes: readonly ('async' | 'sync' | 'thread')[] }
  | { readonly anyOf: readonly string[] }
  | { readonly notWith: string };

/** The one description of a setting, from which options, variables, types, help and documentation follow. */
export interface Setting<Value, Input = Value, Where extends Reach = Reach> {
  /** Markdown; the first sentence is its help. */
  readonly doc: string;
  /** As commander takes them, without the placeholder; null for what is known by its place (the application, and the arguments behind `--`), and for what has no option. */
  readonly flags: string | null;
  readonly kind: Kind<Value, Input>;
  readonly default: Value;
  /** What the documentation says where the default is more than its text. */
  readonly defaultText?: string;
  readonly reach: Where;
  /** The settings without which this one has no effect; if it is given nevertheless, a warning is logged. */
  readonly needs?: Need;
  /** A change needs a restart: a reload cannot apply it, and logs a warning. */
  readonly restart?: true;
  /** Its value, or those of a table, must not be shown. */
  readonly secret?: true;
  readonly variables?: readonly ExtraVariable<Value>[];
}

/** A value that is not of the kind; `message` is "expected …, got …", to be put behind its source. */
export class Mismatch extends Error {
  override readonly name = 'Mismatch';

  constructor(expected: string, got: unknown) {
    super(`expected ${expected}, got ${show(got)}`);
  }
}

/** A part of a compound value that is wrong; `part` names it, as in `jobs.count`. */
export class PartMismatch extends Mismatch {
  constructor(part: string, problem: string) {
    super('', undefined);
    this.message = `${part}: ${problem}`;
  }
}

// Only the kind determines the type; the default would widen it.
type Described<Value, Input> = Omit<Setting<Value, Input>, 'reach' | 'default'> & {
  readonly default: NoInfer<Value>;
};

/** A setting of the catalogue that every source can give. */
export function setting<Value, Input>(it: Described<Value, Input>): Setting<Value, Input, 'everywhere'> {
  return { ...it, reach: 'everywhere' };
}

/** A setting of the catalogue that only the sources in `reach` can give. */
export function limited<Value, Input, Where extends Reach>(
  reach: Where,
  it: Described<Value, Input>,
): Setting<Value, Input, Where> {
  return { ...it, reach };
}

/** The last flag of a setting: `--workers` of `-w, --workers`. */
export function longFlag(setting: Setting<unknown, unknown>): string | null {
  return setting.flags?.split(', ').at(-1) ?? null;
}

/** The value as it may be shown to people. */
export function shownText({ kind, secret }: Setting<unknown, unknown>, value: unknown): string {
  if (!secret || value === null) return kind.toText(value);
  if (typeof value !== 'object') return MASK;
  return kind.toText(Object.fromEntries(Object.keys(value).map((name) => [name, MASK])));
}

/** In place of what must not be shown. */
const MASK = '***';

/** Whether the bare flag of a switch turns it off: `--no-watchdog`. */
export function isNegative(setting: Setting<unknown, unknown>): boolean {
  return longFlag(setting)?.startsWith('--no-') === true;
}

function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'function') return 'a function';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  return String(value);
}
