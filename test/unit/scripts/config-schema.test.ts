import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { renderConfigSchema, type Schema, schemaOf } from '../../../scripts/config-schema.ts';
import { isConfigurable, settingNames, settingOf } from '../../../src/settings/catalogue/catalogue.ts';
import { readConfig } from '../../../src/settings/sources/file.ts';
import { configLayer } from '../../../src/settings/sources/file-layer.ts';
import { temporaryDirectory } from '../../support/tsunicorn.ts';

/** What a draft-07 validator says, for the keywords that are used. */
function isValid(schema: Schema, value: unknown): boolean {
  const { anyOf, type, enum: words, minimum = -Infinity, maximum = Infinity, items } = schema;
  if (anyOf !== undefined) return anyOf.some((one) => isValid(one, value));
  if (type !== undefined && !isOfType(type, value)) return false;
  if (words !== undefined && !words.includes(value)) return false;
  if (typeof value === 'number' && (value < minimum || value > maximum)) return false;
  return items === undefined || !Array.isArray(value) || value.every((one) => isValid(items, one));
}

function isOfType(type: string, value: unknown): boolean {
  if (type === 'integer') return Number.isInteger(value);
  if (type === 'null') return value === null;
  if (type === 'array') return Array.isArray(value);
  if (type === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value);
  return typeof value === type;
}

const SAMPLES = [
  null,
  true,
  false,
  0,
  1,
  2.5,
  -1,
  1024,
  99_999_999,
  'any-text-7',
  'auto',
  'json',
  [],
  ['a'],
  {},
];

describe('the schema of tsunicorn.config.json', () => {
  it.each(settingNames.filter(isConfigurable))('never refuses what %s accepts', (name) => {
    const setting = settingOf(name);
    const schema = schemaOf(setting);
    const accepted = SAMPLES.filter((sample) => {
      try {
        setting.kind.fromValue(sample);
        return true;
      } catch {
        // A Mismatch.
        return false;
      }
    });
    expect(accepted.filter((sample) => !isValid(schema, sample))).toEqual([]);
  });

  it.each([
    ['workers', 0],
    ['workers', 'many'],
    ['workerClass', 'gevent'],
    ['timeout', '5'],
    ['reload', 'yes'],
    ['listenPort', 70_000],
    ['logLevel', 'loud'],
    ['bind', 8000],
  ] as const)('refuses %s: %j', (name, value) => {
    expect(isValid(schemaOf(settingOf(name)), value)).toBe(false);
  });

  it('names every setting that the file may have, with what it is for', () => {
    const { anyOf } = JSON.parse(renderConfigSchema());
    const { $schema: _, ...properties } = anyOf[0].properties;
    expect(Object.keys(properties)).toEqual(settingNames.filter(isConfigurable));
    for (const { description } of Object.values<Schema>(properties)) expect(description).toMatch(/\w/);
  });

  it('may be named in the file by $schema, in JSON only', async () => {
    const text = '{ "$schema": "./node_modules/tsunicorn/config.schema.json", "workers": 3 }';
    const cwd = temporaryDirectory({ 'app.json': text, 'app.mjs': `export default ${text}` });
    const layer = async (name: string) =>
      configLayer(await readConfig({ path: join(cwd, name), profile: null }, { cwd, cacheKey: null }));
    expect(Object.keys(await layer('app.json'))).toEqual(['workers']);
    await expect(layer('app.mjs')).rejects.toThrow(/unknown setting "\$schema"/);
  });
});
