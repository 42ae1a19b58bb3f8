import { util } from '../../support/builtins.ts';
import { messageOf, UsageError } from '../../support/errors.ts';
import { suggest } from '../../support/suggest.ts';

type Values = Readonly<Record<string, unknown>>;
type Class = new () => object;

/** What a profile says: its values, and for each of them the class or the export that it comes from. */
export interface Profile {
  readonly exported: Values;
  readonly owners: Readonly<Record<string, string>>;
}

const CURE = 'a profile is an object, a function that returns one, or a class';

/**
 * The profile `name` among the exports of a configuration file, which messages call `label`. A function is called. The
 * settings of a class are its static fields, its instance fields and its methods, and those of its bases. Rejects with a
 * UsageError that lists the profiles if there is none of that name.
 */
export async function profileIn(exports: Values, name: string, label: string): Promise<Profile> {
  if (!Object.hasOwn(exports, name)) throw new UsageError(`${label}: ${noneOf(exports, name)}`);
  const held = exports[name];
  if (isClass(held)) return ofClass(held, label);
  const value = isCallable(held) ? await returned(held, `${label}: ${name}()`) : held;
  if (!isPlain(value)) {
    const what = typeof held === 'function' ? `${name}() returned` : `${name} is`;
    throw new UsageError(`${label}: ${what} ${describe(value)}; ${CURE}`);
  }
  const exported = { ...value };
  return { exported, owners: Object.fromEntries(Object.keys(exported).map((key) => [key, name])) };
}

function noneOf(exports: Values, name: string): string {
  const names = Object.keys(exports).filter(
    (key) => isPlain(exports[key]) || typeof exports[key] === 'function',
  );
  const near = suggest(name, names);
  const hint = near === null ? '' : ` (did you mean ${near}?)`;
  return names.length === 0
    ? `it has no profile ${name}, as it exports none; ${CURE}, exported by that name`
    : `it has no profile ${name}${hint}; it has ${names.join(', ')}`;
}

function isCallable(held: unknown): held is () => unknown {
  return typeof held === 'function';
}

async function returned(call: () => unknown, what: string): Promise<unknown> {
  try {
    return await call();
  } catch (error) {
    throw new UsageError(`${what} threw: ${named(error)}`);
  }
}

function isClass(held: unknown): held is Class {
  return typeof held === 'function' && /^class\b/.test(Function.prototype.toString.call(held));
}

function isPlain(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !util.types.isPromise(value);
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return 'a list';
  return util.types.isPromise(value) ? 'a promise' : `a ${typeof value}`;
}

function named(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${messageOf(error)}` : messageOf(error);
}

/** One class of the chain, from the base down, with its own instance; null where it cannot be constructed. */
interface Link {
  readonly own: Class;
  readonly instance: object | null;
}

function ofClass(bottom: Class, label: string): Profile {
  const chain = chainOf(bottom);
  const isStatic = chain.some((own) => staticKeys(own).length > 0);
  const links = chain.map((own): Link => ({ own, instance: construct(own, label, isStatic) }));
  const exported: Record<string, unknown> = {};
  const owners: Record<string, string> = {};
  const last = links.at(-1)?.instance ?? Object.create(bottom.prototype);
  for (const [index, link] of links.entries()) {
    const found = [
      ...membersOf(link.own.prototype, methodKeys(link.own), last, label),
      ...fieldsOf(link.instance, links[index - 1]?.instance ?? null),
      ...membersOf(link.own, staticKeys(link.own), bottom, label),
    ];
    for (const [key, value] of found) {
      exported[key] = value;
      owners[key] = nameOf(link.own);
    }
  }
  return { exported, owners };
}

function chainOf(bottom: Class): readonly Class[] {
  const above: unknown = Object.getPrototypeOf(bottom);
  // Function.prototype, or null, is above the first class.
  return typeof above === 'function' && above !== Function.prototype
    ? [...chainOf(above as Class), bottom]
    : [bottom];
}

/** The keys of its static members, without what every function has; a static field `name` hides that of the function. */
function staticKeys(own: Class): readonly string[] {
  return Object.getOwnPropertyNames(own).filter((key) => {
    if (key === 'length' || key === 'prototype') return false;
    return key !== 'name' || Object.getOwnPropertyDescriptor(own, key)?.writable !== false;
  });
}

function methodKeys(own: Class): readonly string[] {
  return Object.getOwnPropertyNames(own.prototype).filter((key) => key !== 'constructor');
}

type Entry = readonly [key: string, value: unknown];

function membersOf(
  holder: object,
  keys: readonly string[],
  receiver: object,
  label: string,
): readonly Entry[] {
  return keys.map((key) => {
    try {
      const value: unknown = Reflect.get(holder, key, receiver);
      return [key, isCallable(value) ? value.bind(receiver) : value];
    } catch (error) {
      throw new UsageError(`${label}: the getter ${key} threw: ${named(error)}`);
    }
  });
}

/** The fields that a class adds to those of its base, or gives another value. */
function fieldsOf(instance: object | null, base: object | null): readonly Entry[] {
  return Object.entries(instance ?? {}).filter(([key, value]) => {
    const before: unknown = base === null || !Object.hasOwn(base, key) ? undefined : Reflect.get(base, key);
    if (typeof value === 'function' && typeof before === 'function') return `${value}` !== `${before}`;
    return !util.isDeepStrictEqual(value, before);
  });
}

/** Its instance. A class whose settings are static need not be one that can be constructed. */
function construct(own: Class, label: string, isStatic: boolean): object | null {
  try {
    return new own();
  } catch (error) {
    if (isStatic) return null;
    throw new UsageError(`${label}: the constructor of ${nameOf(own)} threw: ${named(error)}`);
  }
}

function nameOf(own: Class): string {
  // Of the source, as a static field `name` is a setting.
  const [, written] = /^class\s+([\p{ID_Start}$_][\p{ID_Continue}$]*)/u.exec(`${own}`) ?? [];
  return written ?? (own.name === '' ? 'a class without a name' : own.name);
}
