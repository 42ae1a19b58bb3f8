import { isWsgi } from '../gateway/wsgi.ts';
import { suggest } from '../settings/suggest.ts';
import { describe } from './describe.ts';
import { appError } from './failure.ts';
import type { AppSpec } from './spec.ts';

type Namespace = Readonly<Record<string, unknown>>;

/** What the module exports under the spec's name; throws a BootError that lists what there is instead. */
export function pickExport(spec: AppSpec, namespace: Namespace): unknown {
  if (spec.path.length === 0) {
    if (!('default' in namespace)) throw missing(spec, 'default', namespace);
    return unwrapDefault(namespace.default);
  }
  let holder: unknown = holderOf(namespace, spec.path[0] ?? '');
  let value: unknown = namespace;
  for (const [depth, name] of spec.path.entries()) {
    if (depth > 0) holder = value;
    if (!hasProperty(holder, name)) throw missing(spec, name, holder);
    value = Reflect.get(holder, name);
    if (depth === 0 && name === 'default') value = unwrapDefault(value);
  }
  return spec.path.length > 1 ? withReceiver(value, holder) : value;
}

// Node's lexer sees few of a CommonJS module's exports; all of them are on its default.
function holderOf(namespace: Namespace, name: string): unknown {
  if (name in namespace || !hasProperty(namespace.default, name)) return namespace;
  return namespace.default;
}

// What a compiler made of `export default` in a CommonJS file.
function unwrapDefault(value: unknown): unknown {
  return hasProperty(value, '__esModule') && hasProperty(value, 'default')
    ? Reflect.get(value, 'default')
    : value;
}

// `server.handler` is a method. A function with properties of its own (Express), or with wsgi()'s mark, is not: bind() would lose them.
function withReceiver(value: unknown, receiver: unknown): unknown {
  if (typeof value !== 'function' || isWsgi(value)) return value;
  return Object.keys(value).length === 0 ? value.bind(receiver) : value;
}

function hasProperty(value: unknown, name: string): value is object {
  return ((typeof value === 'object' && value !== null) || typeof value === 'function') && name in value;
}

function missing({ text, module, path }: AppSpec, name: string, holder: unknown) {
  const names = exportNames(holder);
  const parent = path.length > 1 && path[0] !== name ? path.slice(0, path.indexOf(name)).join('.') : null;
  const what = parent === null ? module : `${parent} in ${module}`;
  const lacks = name === 'default' ? `has no default export` : `has no export '${name}'`;
  if (names.length === 0)
    return appError(
      `${text}: ${what} ${lacks}; it ${parent === null ? 'exports nothing' : `is ${describe(holder)}`}`,
    );
  const guess = suggest(name, names) ?? ['app', 'handler', 'server'].find((usual) => names.includes(usual));
  const [only] = names;
  const meant = guess ?? (names.length === 1 ? only : undefined);
  const prefix = parent === null ? '' : `${parent}.`;
  const cure = meant === undefined ? '' : `; write ${module}:${prefix}${meant}`;
  return appError(`${text}: ${what} ${lacks}; it has ${names.join(', ')}${cure}`);
}

/** The names that an operator may write after the colon. */
export function exportNames(holder: unknown): readonly string[] {
  if ((typeof holder !== 'object' || holder === null) && typeof holder !== 'function') return [];
  const names = Object.keys(holder).filter((name) => name !== 'module.exports' && name !== '__esModule');
  return names.slice(0, 20);
}
