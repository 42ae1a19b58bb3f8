import { isConfigurable, settingNames, settingOf } from '../src/settings/catalogue/catalogue.ts';
import type { Setting } from '../src/settings/setting.ts';

/** The part of JSON Schema (draft-07, as editors know it) that is written here. */
export interface Schema {
  readonly description?: string;
  readonly default?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly items?: Schema;
  readonly additionalProperties?: Schema;
}

const HEAD = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'The configuration of tsunicorn (tsunicorn.config.json)',
  type: 'object',
};

/**
 * The text of config.schema.json. What a setting accepts is found by asking its kind, the one place that knows: samples of
 * every type are given to it, and words and bounds of its `expected` are tried before they are written.
 */
export function renderConfigSchema(): string {
  const names = settingNames.filter(isConfigurable);
  const settings = Object.fromEntries(names.map((name) => [name, described(settingOf(name))]));
  const schema = {
    ...HEAD,
    anyOf: [
      { properties: { $schema: { type: 'string' }, ...settings }, additionalProperties: false },
      {
        description: 'Profiles by their names',
        minProperties: 1,
        additionalProperties: { $ref: '#/anyOf/0' },
      },
    ],
  };
  return `${JSON.stringify(schema, null, 2)}\n`;
}

function described(setting: Setting<unknown, unknown>): Schema {
  const { doc, default: value, kind } = setting;
  const plain = isPlain(value) && accepts(kind, value) ? { default: value } : {};
  return { description: doc.replaceAll('`', ''), ...schemaOf(setting), ...plain };
}

/** The schema of what a setting's kind accepts, without its description. */
export function schemaOf({ kind, default: value }: Setting<unknown, unknown>): Schema {
  const parts = [
    ...(value === null || accepts(kind, null) ? [{ type: 'null' }] : []),
    ...(accepts(kind, true) ? [{ type: 'boolean' }] : []),
    ...numbers(kind),
    ...texts(kind),
    ...lists(kind),
    ...tables(kind),
  ];
  // What no sample fits is left to tsunicorn itself.
  if (parts.length === 0) return {};
  const [only] = parts;
  return parts.length === 1 && only !== undefined ? only : { anyOf: parts };
}

type Kind = Setting<unknown, unknown>['kind'];

function accepts(kind: Kind, value: unknown): boolean {
  try {
    kind.fromValue(value);
    return true;
  } catch {
    // A Mismatch: it is not of the kind.
    return false;
  }
}

const NUMBERS = [0, 1, 2, 20, 1024, 65_535, 64 * 1024 ** 2];

function numbers(kind: Kind): readonly Schema[] {
  if (!NUMBERS.some((sample) => accepts(kind, sample))) return [];
  const type = accepts(kind, 2.5) || accepts(kind, 0.5) ? 'number' : 'integer';
  const [, least] = /(?:≥|from) (\d+)/.exec(kind.expected) ?? [];
  const [, most] = /from \d+ to (\d+)/.exec(kind.expected) ?? [];
  return [
    {
      type,
      ...(isBound(kind, least, -1) ? { minimum: Number(least) } : {}),
      ...(isBound(kind, most, 1) ? { maximum: Number(most) } : {}),
    },
  ];
}

/** Whether the number is the last one that is accepted, in the direction of `step`. */
function isBound(kind: Kind, text: string | undefined, step: number): boolean {
  return text !== undefined && accepts(kind, Number(text)) && !accepts(kind, Number(text) + step);
}

const TEXTS = [
  // No word that a choice may have.
  'any-text-7',
  'udp://localhost:514',
  '127.0.0.1:8000',
  'http://127.0.0.1:4318',
  '512M',
  '80%',
  '022',
  'X-Name',
  'server.ts:app',
  '/run/app.sock',
  '127.0.0.1',
];

function texts(kind: Kind): readonly Schema[] {
  const free = TEXTS.some((sample) => accepts(kind, sample));
  if (free) return [{ type: 'string' }];
  const words = (kind.expected.match(/[\w./:-]+/g) ?? []).filter((word) => accepts(kind, word));
  return words.length === 0 ? [] : [{ type: 'string', enum: [...new Set(words)] }];
}

function lists(kind: Kind): readonly Schema[] {
  const of = (samples: readonly unknown[]) => samples.some((sample) => accepts(kind, [sample]));
  const text = of(TEXTS) || (kind.expected.match(/[\w./:-]+/g) ?? []).some((word) => accepts(kind, [word]));
  const number = of(NUMBERS);
  if (!text && !number) return accepts(kind, []) ? [{ type: 'array' }] : [];
  const items = [...(text ? [{ type: 'string' }] : []), ...(number ? [{ type: 'number' }] : [])];
  const [only] = items;
  return [{ type: 'array', items: items.length === 1 && only !== undefined ? only : { anyOf: items } }];
}

function tables(kind: Kind): readonly Schema[] {
  if (!accepts(kind, {}) && !accepts(kind, { NAME: 'text' })) return [];
  if (!accepts(kind, { NAME: 'text' })) return [{ type: 'object' }];
  const values = [{ type: 'string' }, ...(accepts(kind, { NAME: 1 }) ? [{ type: 'number' }] : [])];
  return [{ type: 'object', additionalProperties: { anyOf: values } }];
}

function isPlain(value: unknown): boolean {
  return ['string', 'number', 'boolean'].includes(typeof value);
}
