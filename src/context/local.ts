import { currentContext } from './current.ts';

/** A variable that has a value of its own in each context. */
export class Local<Value> {
  readonly #initial: (() => Value) | null;

  /** `initial` makes the value of a context where it is first read; without it that is undefined. */
  constructor(...initial: undefined extends Value ? [initial?: () => Value] : [initial: () => Value]) {
    this.#initial = initial[0] ?? null;
  }

  /** The value in the current context. Throws outside a context. */
  get value(): Value {
    const { extras } = currentContext('Local');
    extras.locals ??= new Map();
    if (!extras.locals.has(this)) extras.locals.set(this, this.#initial?.());
    return extras.locals.get(this) as Value;
  }

  set value(value: Value) {
    const { extras } = currentContext('Local');
    extras.locals ??= new Map();
    extras.locals.set(this, value);
  }
}
