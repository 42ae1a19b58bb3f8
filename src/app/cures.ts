import { describe } from '../support/describe.ts';
import { hasMethods } from './adapters/shapes.ts';

const EXPECTED =
  'expected a function (req, res), a fetch handler, wsgi(function), an object with fetch(), an http.Server, or an application of Express, Connect, Koa, Fastify, NestJS, hapi, Restify, Polka or LoopBack';

/** One line about a value that cannot be served, and what to export instead; `name` is its module:export, if it has one. */
export function explainUnknown(value: unknown, name: string | null): string {
  const cure = typeof value === 'object' && value !== null ? cureOf(value, name) : null;
  return `it is ${describe(value)}; ${cure ?? EXPECTED}`;
}

/** The usual names of the property that answers requests. */
const HANDLERS = ['handler', 'handle', 'listener', 'requestListener', 'requestHandler', 'app', 'server'];

function cureOf(value: object, name: string | null): string | null {
  if (isH3(value)) return "of h3 v1 export toNodeListener(app): import { toNodeListener } from 'h3'";
  if (hasMethods(value, 'getRequestHandler', 'prepare'))
    return 'of Next.js export a factory that returns app.getRequestHandler() after await app.prepare()';
  if (hasMethods(value, 'lift', 'load'))
    return 'Sails is not supported, because its lift() calls listen() itself';
  if ('routes' in value && 'entry' in value && 'assets' in value)
    return 'of a build of React Router export (request) => handle(request), with handle = createRequestHandler(build)';
  const part = HANDLERS.find((key) => key in value && isUsable(Reflect.get(value, key)));
  if (part === undefined) return null;
  return `its ${part} may be the application: ${name === null ? 'return that' : `write ${name}.${part}`}`;
}

function isH3(value: object): boolean {
  return hasMethods(value, 'use', 'handler') && 'stack' in value && !('listen' in value);
}

function isUsable(value: unknown): boolean {
  return typeof value === 'function' || (typeof value === 'object' && value !== null);
}
