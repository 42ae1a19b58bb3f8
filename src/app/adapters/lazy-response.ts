import { FastResponse } from 'srvx/node';

type Body = ConstructorParameters<typeof Response>[0];

/** The statuses that never have a body (Fetch standard, "null body status"). */
const BODILESS = new Set([101, 204, 205, 304]);
const NativeResponse = globalThis.Response;
const Base = FastResponse as unknown as new (body?: Body, init?: ResponseInit) => Omit<Response, 'headers'>;

/**
 * A Response that builds the platform's own, which costs more than the rest of a small request, only where something
 * but the server reads it. It takes the place of the global one: each is an instance of the other.
 */
export class LazyResponse extends Base {
  readonly #isText: boolean;

  constructor(body?: Body, init?: ResponseInit) {
    check(body, init?.status);
    super(body, init);
    this.#isText = typeof body === 'string';
  }

  static json(data: unknown, init?: ResponseInit): Response {
    check('', init?.status);
    return FastResponse.json(data, init);
  }

  get headers(): Headers {
    const headers: Headers = Reflect.get(FastResponse.prototype, 'headers', this);
    if (this.#isText && !headers.has('content-type')) headers.set('content-type', 'text/plain;charset=UTF-8');
    return headers;
  }
}

// A subclass that the application makes keeps the ordinary meaning of instanceof.
Object.defineProperty(LazyResponse, Symbol.hasInstance, {
  value(this: { readonly prototype: object }, value: unknown): boolean {
    if (this === LazyResponse) return value instanceof NativeResponse;
    return Object.prototype.isPrototypeOf.call(this.prototype, Object(value));
  },
});

function check(body: unknown, status: number | undefined): void {
  if (status === undefined) return;
  if (status < 200 || status > 599)
    throw new RangeError(`Response: status ${status} is not between 200 and 599`);
  if (body !== null && body !== undefined && BODILESS.has(status))
    throw new TypeError(`Response: status ${status} has no body; give null`);
}
