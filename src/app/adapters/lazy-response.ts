import { FastResponse } from 'srvx/node';

type Parts = ReturnType<InstanceType<typeof FastResponse>['_toNodeResponse']>;
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
  #isSpent = false;

  constructor(body?: Body, init?: ResponseInit) {
    check(body, init?.status);
    super(body, init);
    this.#isText = typeof body === 'string';
  }

  static json(data: unknown, init?: ResponseInit): Response {
    const text = JSON.stringify(data);
    if (text === undefined) throw new TypeError('Response.json: the data is not JSON serializable');
    const type = { 'content-type': 'application/json' };
    if (init?.headers === undefined) return new LazyResponse(text, { ...init, headers: type });
    const headers = new Headers(init.headers);
    if (!headers.has('content-type')) headers.set('content-type', type['content-type']);
    return new LazyResponse(text, { ...init, headers });
  }

  get headers(): Headers {
    const headers: Headers = Reflect.get(FastResponse.prototype, 'headers', this);
    if (this.#isText && !headers.has('content-type')) headers.set('content-type', 'text/plain;charset=UTF-8');
    return headers;
  }

  /** Called when it is sent: it gives its parts away, and would be an empty 200 the second time. */
  _toNodeResponse(): Parts {
    if (this.#isSpent)
      throw new TypeError(
        'This Response was sent before; make one for each request, or return response.clone()',
      );
    this.#isSpent = true;
    return FastResponse.prototype._toNodeResponse.call(this);
  }
}

// Some frameworks go by the name of the constructor.
Object.defineProperty(LazyResponse, 'name', { value: 'Response' });

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
