/** What a value is, in the words of an error line: "undefined", "a plain object with keys a, b", "a class App". */
export function describe(value: unknown): string {
  if (value === undefined || value === null) return String(value);
  if (typeof value === 'function') return describeFunction(value);
  if (typeof value !== 'object') return `a ${typeof value} (${JSON.stringify(value) ?? String(value)})`;
  if (Array.isArray(value)) return `an array of ${value.length}`;
  const prototype: unknown = Object.getPrototypeOf(value);
  const maker = prototype === null ? Object : (value.constructor ?? Object);
  if (maker !== Object) return `an instance of ${maker.name || 'an unnamed class'}`;
  const keys = Object.keys(value);
  if (keys.length === 0) return 'an empty object';
  return `a plain object with keys ${keys.slice(0, 10).join(', ')}${keys.length > 10 ? ', …' : ''}`;
}

function describeFunction(value: object): string {
  const name = 'name' in value && typeof value.name === 'string' ? value.name : '';
  return isClass(value) ? `a class ${name}`.trimEnd() : `a function ${name}`.trimEnd();
}

/** Whether calling the function without `new` would throw. */
export function isClass(value: unknown): boolean {
  return typeof value === 'function' && /^class\b/.test(Function.prototype.toString.call(value));
}
