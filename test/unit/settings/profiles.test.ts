import { describe, expect, it } from 'vitest';
import type { Loaded } from '../../../src/settings/load.ts';
import { describeOrigin } from '../../../src/settings/origin.ts';
import { loading } from './loading.ts';

const { write, load, refusal } = loading();

/** What each of the settings is, and where it comes from. */
function seen(
  { settings, origins }: Loaded,
  ...names: readonly (keyof Loaded['settings'])[]
): readonly string[] {
  return names.map((name) => `${settings[name]} # ${describeOrigin(origins[name])}`);
}

const CLASSES = `
  class Base {
    static workers = 2;
    static timeout = 10;
    static onExit() { return [this.workers, this.name]; }
  }
  export class ProductionConfig extends Base {
    static workers = 8;
    static name = 'shop';
    static onExit() { return ['production', ...super.onExit()]; }
  }
  export class StagingConfig extends ProductionConfig { static env = { STAGE: 'yes' }; }
`;

describe('a profile is a named export of the configuration file', () => {
  it('as an object, a function or an async function', async () => {
    write(
      'c.mjs',
      `export const one = { workers: 2, preFork() {} };
       export function two() { return { ...one, workers: 3 }; }
       export const three = async () => ({ workers: 4 });`,
    );
    const of = async (name: string) => load(`-c c.mjs:${name}`);
    const one = await of('one');
    expect(seen(one, 'workers')).toEqual(['2 # c.mjs:one']);
    expect([one.profile, one.hookNames, one.hookOrigins.preFork?.owner]).toEqual(['one', ['preFork'], 'one']);
    expect(one.settings.config).toBe(`${one.configFile}:one`);
    expect(seen(await of('two'), 'workers')).toEqual(['3 # c.mjs:two']);
    expect(seen(await of('three'), 'workers')).toEqual(['4 # c.mjs:three']);
  });

  it('as a key of CommonJS and of JSON', async () => {
    write('c.json', '{ "one": { "workers": 2 } }');
    expect(seen(await load('-c c.json:one'), 'workers')).toEqual(['2 # c.json:one']);
    write('c.cjs.js', 'module.exports = { two: { workers: 3 } };');
    expect(seen(await load('-c c.cjs.js:two'), 'workers')).toEqual(['3 # c.cjs.js:two']);
  });

  it('named by TSUNICORN_CONFIG and in TSUNICORN_CMD_ARGS too', async () => {
    write('c.mjs', 'export const one = { workers: 2 };');
    expect(seen(await load('', { TSUNICORN_CONFIG: 'c.mjs:one' }), 'workers')).toEqual(['2 # c.mjs:one']);
    expect(seen(await load('', { TSUNICORN_CMD_ARGS: '-c c.mjs:one' }), 'workers')).toEqual([
      '2 # c.mjs:one',
    ]);
  });

  it('unless a file has that whole name', async () => {
    write('c.mjs', 'export const json = { workers: 2 };');
    write('c.mjs:json', '');
    expect(await refusal('-c c.mjs:json')).toMatch(/^c\.mjs:json: it has no default export/);
  });
});

describe('the fields of a class', () => {
  it('are its static ones, and those of its bases', async () => {
    write('c.mjs', CLASSES);
    const { hooks, hookOrigins, ...loaded } = await load('-c c.mjs:ProductionConfig');
    expect(seen({ hooks, hookOrigins, ...loaded }, 'workers', 'timeout', 'name')).toEqual([
      '8 # c.mjs:ProductionConfig',
      '10 # c.mjs:Base',
      'shop # c.mjs:ProductionConfig',
    ]);
    const onExit: unknown = hooks.onExit;
    expect(typeof onExit === 'function' && onExit()).toEqual(['production', 8, 'shop']);
    expect(hookOrigins.onExit?.owner).toBe('ProductionConfig');
  });

  it('do not include what every function has', async () => {
    write('c.mjs', CLASSES);
    const loaded = await load('-c c.mjs:StagingConfig');
    expect([loaded.settings.env, loaded.origins.env.owner]).toEqual([{ STAGE: 'yes' }, 'StagingConfig']);
    write('d.mjs', 'export class Plain { static workers = 3 }');
    expect(seen(await load('-c d.mjs:Plain'), 'name')).toEqual(['null # default']);
  });

  it('are those of its instances, each class constructed once', async () => {
    write(
      'c.mjs',
      `globalThis.constructed = [];
       class Base {
         workers = 2;
         env = { A: '1' };
         constructor() { globalThis.constructed.push(new.target.name); }
         onExit() { return this.workers; }
       }
       export class Production extends Base { workers = 8; whenReady = () => this.workers; }`,
    );
    const loaded = await load('-c c.mjs:Production');
    expect(seen(loaded, 'workers')).toEqual(['8 # c.mjs:Production']);
    expect([loaded.settings.env, loaded.origins.env.owner]).toEqual([{ A: '1' }, 'Base']);
    expect(Reflect.get(globalThis, 'constructed')).toEqual(['Base', 'Production']);
    Reflect.deleteProperty(globalThis, 'constructed');
    const { onExit, whenReady }: Readonly<Record<string, unknown>> = { ...loaded.hooks };
    expect([onExit, whenReady].map((hook) => typeof hook === 'function' && hook())).toEqual([8, 8]);
    expect([loaded.hookOrigins.onExit?.owner, loaded.hookOrigins.whenReady?.owner]).toEqual([
      'Base',
      'Production',
    ]);
  });

  it('are static ones also if the class cannot be constructed', async () => {
    write(
      'c.mjs',
      `class Base { static workers = 3; constructor() { throw new Error('static only'); } }
       export class Production extends Base { static get timeout() { return this.workers; } }`,
    );
    expect(seen(await load('-c c.mjs:Production'), 'workers', 'timeout')).toEqual([
      '3 # c.mjs:Base',
      '3 # c.mjs:Production',
    ]);
  });
});

describe('what the operator is told', () => {
  it.each([
    [
      'c.mjs:Production',
      /^c\.mjs: it has no profile Production \(did you mean production\?\); it has production, staging, nothing, default, throws$/,
    ],
    [
      'c.mjs:number',
      /^c\.mjs: number is a number; a profile is an object, a function that returns one, or a class$/,
    ],
    ['c.mjs:nothing', /^c\.mjs: nothing\(\) returned undefined; a profile is/],
    ['c.mjs:throws', /^c\.mjs: throws\(\) threw: TypeError: no$/],
    [
      'none.mjs:x',
      /^none\.mjs: it has no profile x, as it exports none; a profile is .*, exported by that name$/,
    ],
    ['classes.mjs:Derived', /^classes\.mjs: the constructor of Base threw: Error: no$/],
    ['classes.mjs:Getter', /^classes\.mjs: the getter workers threw: Error: no$/],
    ['wrong.mjs:Second', /^wrong\.mjs:6: workers: expected a whole number/],
    ['wrong.mjs:Third', /^wrong\.mjs:9: unknown setting "wrokers" \(did you mean "workers"\?\)$/],
    ['wrong.mjs:Fourth', /^wrong\.mjs:12: onExit: expected a function, got 3$/],
    ['no.mjs:x', /^-c no\.mjs: no such file$/],
  ])('of %s', async (name, line) => {
    write(
      'c.mjs',
      `export const production = {}, staging = () => ({}), number = 5, nothing = () => {};
       export default {};
       export function throws() { throw new TypeError('no'); }`,
    );
    write('none.mjs', '');
    write(
      'classes.mjs',
      `class Base { constructor() { throw new Error('no'); } }
       export class Derived extends Base { workers = 2 }
       export class Getter { static get workers() { throw new Error('no'); } }`,
    );
    write(
      'wrong.mjs',
      `export const First = {
  workers: 2,
};
export class Second {
  // workers = 2
  static workers = 0;
}
export class Third {
  wrokers() {}
}
export const Fourth = () => ({
  onExit: 3,
});`,
    );
    expect(await refusal(`-c ${name}`)).toMatch(line);
  });
});
