import { lengthOf, type Size } from './body-size.ts';

type Body = ConstructorParameters<typeof Response>[0];

/** A Response as it is sent. */
export interface Parts {
  readonly status: number;
  /** `''` for the usual one. */
  readonly statusText: string;
  /** Names and values in turn. */
  readonly headers: readonly string[];
  readonly body: string | Uint8Array | ReadableStream<unknown> | null;
  /** The length of a stream, where it is known. */
  readonly size: Size;
}

const NativeResponse = platformOf(globalThis.Response);
const NativeHeaders = globalThis.Headers;

const TEXT = 'text/plain;charset=UTF-8';
/** The statuses that never have a body (Fetch standard, "null body status"). */
const BODILESS = new Set([101, 103, 204, 205, 304]);
const REASON = /^[\t\x20-\x7e\x80-\xff]*$/;
const NAME = /^[!#$%&'*+\-.^`|~\w]+$/;
/** A value that Headers takes as it is: no space around it, one byte a character, nothing that ends a line. */
const VALUE = /^(?:[^\0\t\n\r \u0100-\uffff](?:[^\0\n\r\u0100-\uffff]*[^\0\t\n\r \u0100-\uffff])?)?$/;

/** What is to be sent of a Response of this class, which is used then; null for any other. Throws where it was used before. */
export let takeLazy: (response: object) => Parts | null;

/**
 * A Response that makes the platform's own, whose stream costs more than the rest of a small request, only where something
 * but the server reads it. Text, bytes and plain headers are kept as they are, where it is plain that the platform
 * would take them; with anything else the platform's is made at once, so that it refuses what it refuses, and when it does.
 * Each class is an instance of the other.
 */
export class LazyResponse {
  #status = 200;
  #statusText = '';
  /** Names in small letters and values in turn, sorted by name, until somebody asks for them. */
  #headers: string[] | Headers = [];
  /** A body that is whole. */
  #body: string | Uint8Array | null = null;
  #native: Response | null = null;
  /** Of the platform's stream. */
  #size: Size = null;
  #isSent = false;

  constructor(body: Body = null, init: ResponseInit | undefined = undefined) {
    if (init === undefined) {
      if (!this.#keep(body)) this.#make(body, init);
      return;
    }
    if (!isDictionary(init)) {
      this.#make(body, init);
      return;
    }
    // Once, and in the order in which the platform reads them.
    const { headers, status = 200, statusText = '' } = init;
    if (isUsual(status, statusText) && (body === null || !BODILESS.has(status))) {
      this.#headers = flatten(headers);
      this.#status = status;
      this.#statusText = statusText;
      if (this.#keep(body)) return;
    }
    this.#make(body, headers === undefined ? { status, statusText } : { headers, status, statusText });
  }

  static json(data: unknown, init: ResponseInit = {}): Response {
    const text = JSON.stringify(data);
    // It says what is wrong.
    if (text === undefined || !isDictionary(init)) return NativeResponse.json(data, init);
    const { headers, status = 200, statusText = '' } = init;
    const flat = flatten(headers);
    insert(flat, 'content-type', 'application/json');
    const response = new LazyResponse(text, { status, statusText });
    response.#headers = flat;
    return response as unknown as Response;
  }

  static {
    takeLazy = (response) => (#isSent in response ? response.#take() : null);
    // What reads the body, and what the platform gets one day.
    for (const [name, property] of Object.entries(
      Object.getOwnPropertyDescriptors(NativeResponse.prototype),
    )) {
      const method: unknown = property.value;
      if (typeof method !== 'function' || Object.hasOwn(LazyResponse.prototype, name)) continue;
      const forward = {
        [name](this: object, ...args: unknown[]): unknown {
          return Reflect.apply(method, #isSent in this ? this.#typed : this, args);
        },
      };
      Object.defineProperty(LazyResponse.prototype, name, { ...property, value: forward[name] });
    }
  }

  get type(): Response['type'] {
    return 'default';
  }

  get url(): string {
    return '';
  }

  get redirected(): boolean {
    return false;
  }

  get status(): number {
    return this.#status;
  }

  get ok(): boolean {
    return this.#status >= 200 && this.#status <= 299;
  }

  get statusText(): string {
    return this.#statusText;
  }

  get headers(): Headers {
    if (!Array.isArray(this.#headers)) return this.#headers;
    const headers = new NativeHeaders();
    for (let at = 0; at + 1 < this.#headers.length; at += 2)
      headers.append(this.#headers[at] ?? '', this.#headers[at + 1] ?? '');
    this.#headers = headers;
    return headers;
  }

  get body(): Response['body'] {
    return this.#hasBody ? this.#made.body : null;
  }

  get bodyUsed(): boolean {
    return this.#isSent || this.#native?.bodyUsed === true;
  }

  clone(): Response {
    const copy = new LazyResponse();
    const isKept = this.#body !== null && !this.bodyUsed && this.#native?.body?.locked !== true;
    if (!isKept && (this.#native !== null || this.#isSent)) copy.#native = this.#made.clone();
    copy.#body = this.#body;
    copy.#size = this.#size;
    copy.#status = this.#status;
    copy.#statusText = this.#statusText;
    copy.#headers = Array.isArray(this.#headers) ? [...this.#headers] : new NativeHeaders(this.#headers);
    return copy as unknown as Response;
  }

  get #hasBody(): boolean {
    return this.#body !== null || (this.#native !== null && this.#native.body !== null);
  }

  /** Keeps a body that the platform would take as it is; whether it has. */
  #keep(body: Body): boolean {
    if (body === null) return true;
    if (typeof body === 'string') {
      this.#body = body;
      insert(this.#headers as string[], 'content-type', TEXT);
      return true;
    }
    if (!(body instanceof Uint8Array) || !(body.buffer instanceof ArrayBuffer)) return false;
    if (body.buffer.resizable || body.buffer.detached) return false;
    this.#body = new Uint8Array(body);
    return true;
  }

  /** Makes the platform's own, which judges what it is given. */
  #make(body: Body, init: ResponseInit | undefined): void {
    // Before the platform takes the body over.
    const size = lengthOf(body);
    const native = new NativeResponse(body, init);
    this.#native = native;
    this.#size = size;
    this.#status = native.status;
    this.#statusText = native.statusText;
    this.#headers = native.headers;
  }

  /** The platform's own, made of what is kept; its headers are not those of this one. */
  get #made(): Response {
    if (this.#native !== null) return this.#native;
    const native = new NativeResponse(this.#body as Body, { status: this.#status });
    this.#native = native;
    if (this.#isSent) void native.body?.cancel();
    return native;
  }

  /** The same, with the headers as they are now, of which the type of a blob or a form is read. */
  get #typed(): Response {
    const native = this.#made;
    if (native.headers === this.#headers) return native;
    for (const name of [...native.headers.keys()]) native.headers.delete(name);
    for (const [name, value] of this.headers) native.headers.append(name, value);
    return native;
  }

  #take(): Parts {
    const native = this.#native;
    if (this.bodyUsed || native?.body?.locked === true)
      throw new TypeError(
        'This Response was sent before, or its body read; make one for each request, or return response.clone()',
      );
    this.#isSent = this.#hasBody;
    const isKept = this.#body !== null || native === null;
    return {
      status: this.#status,
      statusText: this.#statusText,
      headers: Array.isArray(this.#headers) ? this.#headers : [...this.#headers].flat(),
      body: isKept ? this.#body : native.body,
      size: isKept ? null : this.#size,
    };
  }
}

/** The class of the platform itself, where a library has put one of its own in its place. */
function platformOf(current: typeof Response): typeof Response {
  const parent: unknown = Object.getPrototypeOf(current);
  return typeof parent === 'function' && parent.prototype ? platformOf(parent as typeof Response) : current;
}

function isDictionary(value: unknown): value is ResponseInit {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

function isUsual(status: unknown, statusText: unknown): boolean {
  return (
    typeof status === 'number' &&
    Number.isInteger(status) &&
    status >= 200 &&
    status <= 599 &&
    typeof statusText === 'string' &&
    REASON.test(statusText)
  );
}

/** Headers as the platform would have them. Throws what it throws. */
function flatten(headers: unknown): string[] {
  if (headers === undefined) return [];
  return (
    flattenPlain(headers) ??
    [...new NativeHeaders(headers as ConstructorParameters<typeof Headers>[0])].flat()
  );
}

/** Those of a plain object of strings; null of anything else. */
function flattenPlain(headers: unknown): string[] | null {
  if (typeof headers !== 'object' || headers === null) return null;
  if (Object.getPrototypeOf(headers) !== Object.prototype || Symbol.iterator in headers) return null;
  const flat: string[] = [];
  for (const key in headers) {
    const value: unknown = Reflect.get(headers, key);
    if (typeof value !== 'string' || !VALUE.test(value) || !NAME.test(key)) return null;
    if (!insert(flat, key.toLowerCase(), value)) return null;
  }
  return flat;
}

/** Puts a header in its place; false where there is one of the name already. */
function insert(flat: string[], name: string, value: string): boolean {
  let at = flat.length;
  for (; at > 0; at -= 2) {
    const before = flat[at - 2] ?? '';
    if (before === name) return false;
    if (before < name) break;
  }
  if (at === flat.length) flat.push(name, value);
  else flat.splice(at, 0, name, value);
  return true;
}

// The platform's are enumerable, and its class is known by its name.
for (const [name, property] of Object.entries(Object.getOwnPropertyDescriptors(LazyResponse.prototype)))
  if (name !== 'constructor')
    Object.defineProperty(LazyResponse.prototype, name, { ...property, enumerable: true });
Object.defineProperty(LazyResponse, 'json', { enumerable: true });
Object.defineProperty(LazyResponse, 'name', { value: 'Response' });
Object.setPrototypeOf(LazyResponse, NativeResponse);
Object.setPrototypeOf(LazyResponse.prototype, NativeResponse.prototype);

// A subclass that the application makes keeps the ordinary meaning of instanceof.
Object.defineProperty(LazyResponse, Symbol.hasInstance, {
  value(this: { readonly prototype: object }, value: unknown): boolean {
    if (this === LazyResponse) return value instanceof NativeResponse;
    return Object.prototype.isPrototypeOf.call(this.prototype, Object(value));
  },
});
