import { util } from '../support/builtins.ts';
import { describe, isClass } from '../support/describe.ts';
import { markOf } from '../support/marks.ts';
import { appError } from './failure.ts';
import { type Held, settle } from './settle.ts';
import type { AppSpec } from './spec.ts';

type Namespace = Readonly<Record<string, unknown>>;

/** What the module exports under the spec's name; rejects with a BootError that lists what there is instead. */
export async function pickExport(spec: AppSpec, namespace: Namespace): Promise<Held> {
  if (spec.path.length === 0) {
    if (!('default' in namespace)) throw await missing(spec, 'default', namespace);
    return { value: unwrapDefault(namespace.default) };
  }
  let holder: unknown = await holderOf(spec, namespace);
  let value: unknown = namespace;
  for (const [depth, name] of spec.path.entries()) {
    if (depth > 0) holder = (await settle(spec, value, `the promise ${spec.path[depth - 1]}`)).value;
    if (!hasProperty(holder, name)) throw await missing(spec, name, holder);
    value = Reflect.get(holder, name);
    if (depth === 0 && name === 'default') value = unwrapDefault(value);
  }
  return { value: holder === namespace ? value : withReceiver(value, holder) };
}

// Node's lexer finds few exports of a CommonJS module. All of them are on its default export, or on what that promises.
async function holderOf(spec: AppSpec, namespace: Namespace): Promise<unknown> {
  const [name = ''] = spec.path;
  if (name in namespace) return namespace;
  const { value } = await settle(spec, namespace.default, 'the exported promise');
  return hasProperty(value, name) ? value : namespace;
}

// A compiler has made it of `export default` in a CommonJS file.
function unwrapDefault(value: unknown): unknown {
  return hasProperty(value, '__esModule') && hasProperty(value, 'default')
    ? Reflect.get(value, 'default')
    : value;
}

// `server.handler` is a method and needs bind(). A function with properties (Express), a marked one or a class is none, and bind() would lose these.
function withReceiver(value: unknown, receiver: unknown): unknown {
  if (typeof value !== 'function' || markOf(value) !== null || isClass(value)) return value;
  return Object.keys(value).length === 0 ? value.bind(receiver) : value;
}

function hasProperty(value: unknown, name: string): value is object {
  return ((typeof value === 'object' && value !== null) || typeof value === 'function') && name in value;
}

async function missing({ text, module, path }: AppSpec, name: string, holder: unknown) {
  const names = exportNames(holder);
  const parent = path.length > 1 && path[0] !== name ? path.slice(0, path.indexOf(name)).join('.') : null;
  const what = parent === null ? module : `${parent} in ${module}`;
  const lacks = name === 'default' ? `has no default export` : `has no export '${name}'`;
  if (names.length === 0)
    return appError(
      `${text}: ${what} ${lacks}; it ${parent === null ? 'exports nothing' : `is ${describe(holder)}`}`,
    );
  const { suggest } = await import('../support/suggest.ts');
  const guess = suggest(name, names) ?? ['app', 'handler', 'server'].find((usual) => names.includes(usual));
  const [only] = names;
  const meant = guess ?? (names.length === 1 ? only : undefined);
  const prefix = parent === null ? '' : `${parent}.`;
  const cure = meant === undefined ? '' : `; write ${module}:${prefix}${meant}`;
  return appError(`${text}: ${what} ${lacks}; it has ${names.join(', ')}${cure}`);
}

/** The names that an operator may write after the colon: properties, and the methods of a class's instance. */
export function exportNames(holder: unknown): readonly string[] {
  if ((typeof holder !== 'object' || holder === null) && typeof holder !== 'function') return [];
  const own = Object.keys(holder).filter((name) => name !== 'module.exports' && name !== '__esModule');
  return [...own, ...methodNames(holder)].slice(0, 20);
}

function methodNames(holder: object): readonly string[] {
  const prototype: unknown = Object.getPrototypeOf(holder);
  if (typeof prototype !== 'object' || prototype === null || prototype === Object.prototype) return [];
  return Object.getOwnPropertyNames(prototype).filter(
    (name) => name !== 'constructor' && !name.startsWith('_'),
  );
}

/** Whether a CommonJS module left the exports that Node gave it as they were. */
export function isUntouched(exports: unknown): boolean {
  if (typeof exports !== 'object' || exports === null || util.types.isProxy(exports)) return false;
  return Object.getPrototypeOf(exports) === Object.prototype && Object.keys(exports).length === 0;
}
