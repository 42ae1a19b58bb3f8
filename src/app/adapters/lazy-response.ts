import { lengthOf, type Size } from './body-size.ts';

type Body = ConstructorParameters<typeof Response>[0];

/** A Response as it is sent. */
export interface Parts {
  readonly status: number;
  /** `''` for the standard text. */
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
/** A value that Headers accepts unchanged: no space around it, one byte a character, no end of a line. */
const VALUE = /^(?:[^\0\t\n\r \u0100-\uffff](?:[^\0\n\r\u0100-\uffff]*[^\0\t\n\r \u0100-\uffff])?)?$/;

/** What is sent of a Response of this class, whose body is then used; null for any other. Throws if it was used before. */
export let takeLazy: (response: object) => Parts | null;

/**
 * A Response that makes the platform's own only if something other than the server reads it, since the platform's stream
 * costs more than the rest of a small request. Text, bytes and plain headers that the platform would certainly accept are
 * kept as they are. With anything else the platform's Response is made at once, so that errors come when they would
 * without this class. Each class is an instance of the other.
 */
export class LazyResponse {
  #status = 200;
  #statusText = '';
  /** Names in lower case and values in turn, sorted by name, until the headers are read. */
  #headers: string[] | Headers = [];
  /** A complete body. */
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
    // The platform throws an error that says what is wrong.
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
    // What reads the body, and whatever later platforms add.
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

  /** Keeps a body that the platform would accept as it is; returns whether it has. */
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

  /** Makes the platform's own, which checks its arguments. */
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

  /** The platform's own, made of what is kept, with headers of its own. */
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
        'This Response was already sent, or its body was already read; create one for each request, or return response.clone()',
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

/** The platform's own class, even if a library has replaced the global one. */
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
    (statusText === '' || REASON.test(statusText))
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
    const value = (headers as Readonly<Record<string, unknown>>)[key];
    const name = typeof value === 'string' ? nameOf(key, value) : null;
    if (name === null || !insert(flat, name, value as string)) return null;
  }
  return flat;
}

/** How many names of headers are remembered: applications write few in all. */
const MOST_NAMES = 256;

/**
 * Returns the name in lower case of a header that the platform would take as it is; null of any other. What was found out
 * about a name, and its latest value, is remembered: to look at them again takes longer than to send them.
 */
const nameOf = rememberNames();

function rememberNames(): (key: string, value: string) => string | null {
  const known = new Map<string, { readonly name: string; value: string }>();
  return (key, value) => {
    const found = known.get(key);
    if (found?.value === value) return found.name;
    if (!VALUE.test(value) || (found === undefined && !NAME.test(key))) return null;
    const name = found?.name ?? key.toLowerCase();
    if (found !== undefined) found.value = value;
    else if (known.size < MOST_NAMES) known.set(key, { name, value });
    return name;
  };
}

/** Inserts a header in order; false if there is one of that name already. */
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

// The platform's properties are enumerable, and its class is known by its name.
for (const [name, property] of Object.entries(Object.getOwnPropertyDescriptors(LazyResponse.prototype)))
  if (name !== 'constructor')
    Object.defineProperty(LazyResponse.prototype, name, { ...property, enumerable: true });
Object.defineProperty(LazyResponse, 'json', { enumerable: true });
Object.defineProperty(LazyResponse, 'name', { value: 'Response' });
Object.setPrototypeOf(LazyResponse, NativeResponse);
Object.setPrototypeOf(LazyResponse.prototype, NativeResponse.prototype);

// For the application's own subclasses instanceof keeps its ordinary meaning.
Object.defineProperty(LazyResponse, Symbol.hasInstance, {
  value(this: { readonly prototype: object }, value: unknown): boolean {
    if (this === LazyResponse) return value instanceof NativeResponse;
    return Object.prototype.isPrototypeOf.call(this.prototype, Object(value));
  },
});
