import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadApplication } from '../../../src/app/load.ts';
import { serve } from './serve.ts';

const cwd = join(import.meta.dirname, '../../fixtures/shapes');
const load = (spec: string) => loadApplication(spec, { cwd, onError: () => {} });

describe('an export is served', () => {
  it.each([
    ['a promise', 'promise.cjs', 'promise'],
    ['an export of a promise', 'promise-of-exports.cjs:app', 'promised export'],
    ['a part of a promised export', 'promise-of-exports.cjs:parts.app', 'promised part'],
    ['a promise of another library', 'thenable.cjs', 'thenable'],
    ['an instance with its methods on the prototype', 'instance.cjs', 'instance'],
    ['a method of an instance', 'instance.cjs:handle', 'instance by its method'],
    [
      'a method of an instance, by its default export',
      'instance.cjs:default.handle',
      'instance by its method',
    ],
    ['a proxy that has every method', 'proxy.cjs', 'proxy with 1 routes'],
    ['Polka', 'frameworks.mjs:polka', 'polka /path'],
    ['Polka with a server', 'frameworks.mjs:polkaWithServer', 'polka /path'],
    ['Restify', 'frameworks.mjs:restify', 'restify /path'],
    ['hapi, initialised', 'frameworks.mjs:hapi', 'hapi /path true'],
    ['LoopBack, started', 'frameworks.mjs:loopback', 'loopback /path true'],
    ['Feathers, set up', 'frameworks.mjs:feathers', 'feathers 1'],
    ['a function with fetch', 'frameworks.mjs:yoga', 'yoga'],
  ])('that is %s', async (_, spec, body) => {
    const { url } = await serve(await load(spec));
    expect(await (await fetch(`${url}/path`)).text()).toBe(body);
  });
});

describe('what cannot be served says what to export instead', () => {
  it.each([
    ['frameworks.mjs:h3v1', "of h3 v1 export toNodeListener(app): import { toNodeListener } from 'h3'"],
    ['frameworks.mjs:next', 'of Next.js export a factory that returns app.getRequestHandler()'],
    ['frameworks.mjs:sails', 'Sails is not supported'],
    ['frameworks.mjs:reactRouterBuild', 'of a build of React Router export (request) => handle(request)'],
    ['frameworks.mjs:holder', 'its handler may be the application: write frameworks.mjs:holder.handler'],
    [
      'instance-of-nothing.cjs',
      'it is an instance of Shop; its handle may be the application: write instance-of-nothing.cjs:default.handle',
    ],
    [
      'instance-of-nothing.cjs:app',
      "has no export 'app'; it has default; write instance-of-nothing.cjs:default",
    ],
  ])('%s', async (spec, text) => {
    await expect(load(spec)).rejects.toThrow(text);
  });
});
