/** Whether a value has methods of these names; a proxy that invents its properties has none. */
export function hasMethods(value: object, ...names: readonly string[]): boolean {
  return names.every((name) => name in value && typeof Reflect.get(value, name) === 'function');
}
