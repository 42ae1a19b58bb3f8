import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { createRequire } from 'node:module';
import type { Encoding } from './encodings.ts';
import type { OpenFile } from './open-inside.ts';

type Send = typeof import('@fastify/send');

/** The head of an answer with a file, and which part of the file belongs to it. */
export interface FileHead {
  /** Of an error where the conditions do not hold (412), or the file has no such range (416). */
  readonly isError: boolean;
  readonly status: number;
  readonly headers: Readonly<Record<string, string | number>>;
  readonly from: number;
  /** 0 where there is no body. */
  readonly length: number;
}

/** The headers of a request that say which part of a file is wanted, and on what condition. */
const CONDITIONS = [
  'range',
  'if-range',
  'if-match',
  'if-none-match',
  'if-modified-since',
  'if-unmodified-since',
  'cache-control',
] as const;
/** Of these each entity tag is that of one encoding. */
const TAGGED = ['if-range', 'if-match', 'if-none-match'] as const;

/** How many heads are kept. */
const MOST_KEPT = 1000;

/** How many heads are made at a time, for each of which a file is open. */
const MOST_MADE = 64;

/** Of an encoding of a file: that of `a.js` as brotli is not that of a plain `a.js.br`. */
export function keyOf(path: string, encoding: Encoding | null): string {
  return encoding === null ? path : `${path}\0${encoding.ending}`;
}

/** Whether the head of the answer is that of this request alone. */
export function isConditional(headers: IncomingHttpHeaders): boolean {
  return CONDITIONS.some((name) => headers[name] !== undefined);
}

interface Kept {
  readonly size: number;
  readonly mtimeMs: number;
  readonly head: FileHead;
}

/**
 * Makes the heads of answers: @fastify/send decides on ranges and conditions, and says what an answer has. The head of a
 * whole file is made once for each size and time of the file.
 */
export class FileHeads {
  readonly #send: Send = createRequire(import.meta.url)('@fastify/send');
  readonly #kept = new Map<string, Kept>();
  #made = 0;
  readonly #waiting: (() => void)[] = [];

  /** Whether so many heads are being made that a file should not be opened for another. */
  get isBusy(): boolean {
    return this.#made >= MOST_MADE;
  }

  /** Calls `act` when another head may be made. What it does need not be that: whoever waits behind it is not held up. */
  async turn<T>(act: () => T): Promise<T> {
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return act();
    } finally {
      this.#wake();
    }
  }

  #wake(): void {
    if (!this.isBusy) this.#waiting.shift()?.();
  }

  /** The media type of a file by its name (RFC 9110, 8.3). */
  typeOf(name: string): string {
    const { mime, isUtf8MimeType } = this.#send;
    const type = mime.getType(name) ?? 'application/octet-stream';
    return isUtf8MimeType(type) ? `${type}; charset=utf-8` : type;
  }

  /** The head of an answer with a file that is open, an encoding of the one at `path`; for a conditional request it comes later. */
  headOf(
    path: string,
    file: OpenFile,
    encoding: Encoding | null,
    headers: IncomingHttpHeaders,
  ): FileHead | Promise<FileHead> {
    if (isConditional(headers)) return this.#make(path, file, encoding, headers);
    const { size, mtimeMs } = file.stats;
    const key = keyOf(path, encoding);
    const kept = this.#kept.get(key);
    if (kept?.size === size && kept.mtimeMs === mtimeMs) return kept.head;
    return this.#make(path, file, encoding, {}).then((head) => {
      this.#keep(key, { size, mtimeMs, head });
      return head;
    });
  }

  #keep(key: string, kept: Kept): void {
    this.#kept.delete(key);
    this.#kept.set(key, kept);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > MOST_KEPT && oldest !== undefined) this.#kept.delete(oldest);
  }

  async #make(
    path: string,
    file: OpenFile,
    encoding: Encoding | null,
    headers: IncomingHttpHeaders,
  ): Promise<FileHead> {
    this.#made++;
    try {
      return await this.#ask(path, file, encoding, headers);
    } finally {
      this.#made--;
      this.#wake();
    }
  }

  async #ask(
    path: string,
    { fd, stats }: OpenFile,
    encoding: Encoding | null,
    headers: IncomingHttpHeaders,
  ): Promise<FileHead> {
    // Of a HEAD request it opens no file. It looks at the one that is open here, whatever its name has come to mean.
    const request = { method: 'HEAD', headers: encoding ? plainTags(headers, encoding) : headers };
    const result = await this.#send(request as unknown as IncomingMessage, pathOf(fd, path), {
      dotfiles: 'allow',
      contentType: false,
      cacheControl: false,
      index: false,
    });
    const status = result.statusCode;
    if (result.type !== 'file')
      return { isError: true, status, headers: refusalOf(result.headers), from: 0, length: 0 };
    const { ETag: tag = '', ...others } = result.headers as Readonly<Record<string, string>>;
    const length = status === 304 ? 0 : Number(others['Content-Length'] ?? stats.size);
    const [, from = '0'] = /^bytes (\d+)-/.exec(others['Content-Range'] ?? '') ?? [];
    return {
      ...{ isError: false, status, from: Number(from), length },
      headers: { ...others, ETag: encodedTag(tag, encoding) },
    };
  }
}

/** A name of an open file that no rename and no link can change, where there is one. */
function pathOf(fd: number, path: string): string {
  return process.platform === 'linux' ? `/proc/self/fd/${fd}` : path;
}

/** Of what an error says only which ranges there are (416). */
function refusalOf({ 'Content-Range': range }: Readonly<Record<string, string>>) {
  return range === undefined ? {} : { 'Content-Range': range };
}

/** The tag of an encoding, which must differ from that of the plain file (RFC 9110, 8.8.3.3). */
function encodedTag(tag: string, encoding: Encoding | null): string {
  return encoding === null ? tag : tag.replace(/"$/, `-${encoding.name}"`);
}

/** The conditions as they would be of the plain file: tags of other encodings match nothing. */
function plainTags(headers: IncomingHttpHeaders, { name }: Encoding): IncomingHttpHeaders {
  const changed: Record<string, string> = {};
  for (const field of TAGGED) {
    const value = headers[field];
    if (typeof value !== 'string' || !value.includes('"')) continue;
    const ending = `-${name}"`;
    const tags = value.match(/(?:W\/)?"[^"]*"/g) ?? [];
    const ours = tags.filter((tag) => tag.endsWith(ending)).map((tag) => tag.replace(ending, '"'));
    changed[field] = ours.length === 0 ? '"-"' : ours.join(', ');
  }
  return { ...headers, ...changed };
}
