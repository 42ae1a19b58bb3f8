import { suggest } from '../../support/suggest.ts';
import { nullable, table } from '../compound-kinds.ts';
import { boolean, integer, path, seconds, text } from '../kinds.ts';
import { type Kind, limited, Mismatch, PartMismatch } from '../setting.ts';

/** A process beside the workers, as the settings describe it. Plain data. */
export interface CompanionSetting {
  /** A module, or a command with its arguments. */
  readonly run: string | readonly string[];
  /** How many of its processes run. */
  readonly count: number;
  /** When it runs, as in crontab(5); null where it always runs. */
  readonly schedule: string | null;
  /** Of the schedule; null is that of the machine. */
  readonly timeZone: string | null;
  /** Whether a run may begin while an earlier one goes on. */
  readonly overlap: boolean;
  /** Whether a reload is undone where its new version fails. */
  readonly required: boolean;
  readonly env: Readonly<Record<string, string>>;
  /** Relative to `chdir`, which it is where it is null. */
  readonly cwd: string | null;
  /** In seconds, in place of the settings of the same name. */
  readonly timeout: number | null;
  readonly gracefulTimeout: number | null;
}

/** The companions by their names. */
export type CompanionSettings = Readonly<Record<string, CompanionSetting>>;

type Inputs = {
  readonly [Key in keyof CompanionSetting]: Key extends 'env'
    ? Readonly<Record<string, string | number>>
    : CompanionSetting[Key];
};

/** What the configuration file holds for one companion. */
export type CompanionInput = Pick<Inputs, 'run'> & {
  readonly [Key in keyof Inputs]?: Inputs[Key] | undefined;
};

const noCompanions: CompanionSettings = {};
const EXPECTED = "an object of names, such as { jobs: { run: 'jobs.ts' } }";

/** Processes beside the workers. */
export const companions = {
  companions: limited('configOnly', {
    doc: 'Processes beside the workers, by their names: job runners, pollers, sidecars, scheduled runs. They are started when the first worker is ready, restarted when they end, replaced at a reload, and stopped with the service. See [companions.md](companions.md).',
    flags: null,
    kind: companionsKind(),
    default: noCompanions,
  }),
};

const FIELDS: {
  readonly [Key in keyof CompanionSetting]: Pick<Kind<CompanionSetting[Key], unknown>, 'fromValue'>;
} = {
  run: { fromValue: readRun },
  count: integer({ min: 1, max: 1000 }),
  schedule: nullable(text('schedule')),
  timeZone: nullable(text('time zone')),
  overlap: boolean(),
  required: boolean(),
  env: table(),
  cwd: nullable(path('directory')),
  timeout: nullable(seconds()),
  gracefulTimeout: nullable(seconds()),
};

const DEFAULTS: Omit<CompanionSetting, 'run'> = {
  count: 1,
  schedule: null,
  timeZone: null,
  overlap: false,
  required: false,
  env: {},
  cwd: null,
  timeout: null,
  gracefulTimeout: null,
};

const NAME = /^[A-Za-z][\w-]{0,63}$/;

function companionsKind(): Kind<CompanionSettings, Readonly<Record<string, CompanionInput>>> {
  const fromText = (text: string) => readAll(parse(text));
  return {
    placeholder: 'companions',
    expected: EXPECTED,
    fromText,
    fromTexts: (texts) => fromText(texts.at(-1) ?? ''),
    fromValue: readAll,
    toText: (all) => (Object.keys(all).length === 0 ? 'none' : JSON.stringify(shortened(all))),
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Mismatch(EXPECTED, text);
  }
}

function readAll(value: unknown): CompanionSettings {
  if (!isObject(value)) throw new Mismatch(EXPECTED, value);
  const names = Object.keys(value);
  for (const [index, name] of names.entries()) {
    if (!NAME.test(name))
      throw new PartMismatch(name, 'a name begins with a letter and has only letters, digits, _ and -');
    const twin = names.slice(0, index).find((other) => other.toLowerCase() === name.toLowerCase());
    if (twin !== undefined)
      throw new PartMismatch(
        name,
        `another companion is called ${twin}; choose names that differ in more than case`,
      );
  }
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, given]) => given !== undefined)
      .map(([name, given]) => [name, readOne(name, given)]),
  );
}

function readOne(name: string, value: unknown): CompanionSetting {
  if (!isObject(value)) throw inPart(name, new Mismatch("an object, such as { run: 'jobs.ts' }", value));
  const given = Object.entries(value).filter(([, held]) => held !== undefined);
  if (!given.some(([key]) => key === 'run'))
    throw new PartMismatch(
      `${name}.run`,
      "it is missing; write run: 'jobs.ts', or run: ['python3', 'jobs.py']",
    );
  const read = given.map(([key, held]) => [key, readField(name, key, held)]);
  const setting: CompanionSetting = { ...DEFAULTS, ...Object.fromEntries(read) };
  refuseTogether(name, setting);
  return setting;
}

function readField(name: string, key: string, value: unknown): unknown {
  if (!isField(key)) {
    const similar = suggest(key, Object.keys(FIELDS));
    const cure =
      similar === null ? `write one of ${Object.keys(FIELDS).join(', ')}` : `did you mean "${similar}"?`;
    throw new PartMismatch(name, `unknown key "${key}"; ${cure}`);
  }
  try {
    return FIELDS[key].fromValue(value);
  } catch (error) {
    throw error instanceof Mismatch ? inPart(`${name}.${key}`, error) : error;
  }
}

/** Refuses what has no meaning together. */
function refuseTogether(name: string, setting: CompanionSetting): void {
  const refuse = (key: string, why: string) => {
    throw new PartMismatch(`${name}.${key}`, why);
  };
  const { schedule, timeZone, overlap, required, count } = setting;
  if (schedule !== null) {
    if (required)
      refuse('required', 'a reload would have to wait for the next run of the schedule; remove one of them');
    if (count !== 1) refuse('count', 'a schedule starts one process at a time; remove it, or the schedule');
    return;
  }
  if (timeZone !== null) refuse('timeZone', 'it has no effect without a schedule; remove it, or add one');
  if (overlap) refuse('overlap', 'it has no effect without a schedule; remove it, or add one');
}

function readRun(value: unknown): string | readonly string[] {
  const expected =
    "a module, such as 'jobs.ts', or a command with its arguments, such as ['python3', 'jobs.py']";
  const isWord = (word: unknown): word is string => typeof word === 'string' && !word.includes('\0');
  if (isWord(value) && value.trim() !== '') return value;
  if (!Array.isArray(value) || !value.every(isWord) || !value[0]?.trim()) throw new Mismatch(expected, value);
  return Object.freeze([...value]);
}

function inPart(part: string, error: Error): PartMismatch {
  return new PartMismatch(part, error.message);
}

/** What differs from the defaults. */
function shortened(all: CompanionSettings): object {
  const defaults: Readonly<Record<string, unknown>> = DEFAULTS;
  const short = ({ run, ...others }: CompanionSetting) => ({
    run,
    ...Object.fromEntries(
      Object.entries(others).filter(
        ([key, value]) => JSON.stringify(value) !== JSON.stringify(defaults[key]),
      ),
    ),
  });
  return Object.fromEntries(Object.entries(all).map(([name, setting]) => [name, short(setting)]));
}

function isField(key: string): key is keyof CompanionSetting {
  return Object.hasOwn(FIELDS, key);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
