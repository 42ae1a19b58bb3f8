import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import type { Handler } from '../../../app/application.ts';
import { Router } from '../../../app/mount/router.ts';
import { fs } from '../../../support/builtins.ts';
import { codeOf, messageOf } from '../../../support/errors.ts';
import { answerError } from '../../answer-error.ts';
import { answerFile } from './answer-file.ts';
import type { FileHead, FileHeads } from './file-head.ts';
import { isName, readNames } from './names.ts';
import type { OpenFiles } from './open-files.ts';
import { lookAt, type OpenFile, openInside } from './open-inside.ts';
import type { Root } from './roots.ts';
import { watchHead } from './takeover.ts';
import type { FileTrouble } from './trouble.ts';

const SENDFILE = 'x-sendfile';
const ACCEL = 'x-accel-redirect';

/** Headers of the application's answer that are about the body which is thrown away. */
const OF_BODY = [
  'content-length',
  'content-encoding',
  'content-range',
  'transfer-encoding',
  'trailer',
  'accept-ranges',
  'etag',
  'last-modified',
];

export interface SendfileOptions {
  /** Directories, without links, that X-Sendfile may name files in; empty where the header is left as it is. */
  readonly roots: readonly string[];
  /** What X-Accel-Redirect may name; empty where the header is left as it is. */
  readonly internal: readonly Root[];
  readonly heads: FileHeads;
  readonly openFiles: OpenFiles;
  readonly trouble: FileTrouble;
}

/** What an answer asks for: a file, or why it cannot be one, with the status that its client gets. */
type Wanted =
  | { readonly file: OpenFile; readonly path: string }
  | { readonly file: null; readonly path: string; readonly status: number; readonly reason: string };

/** Sends the files that the application names in its answers, in place of their bodies. */
export class Sendfile {
  readonly #options: SendfileOptions;
  readonly #names: readonly string[];
  readonly #router: Router<Root>;

  constructor(options: SendfileOptions) {
    const { roots, internal } = options;
    this.#options = options;
    this.#names = [...(roots.length > 0 ? [SENDFILE] : []), ...(internal.length > 0 ? [ACCEL] : [])];
    this.#router = new Router(internal, '');
  }

  guard(handler: Handler): Handler {
    return (request, response) => {
      // A program's own streams of HTTP/2 have no head that could be looked at.
      if (typeof response.flushHeaders === 'function')
        watchHead(response, this.#names, (name, value, own) => this.#send(request, own, name, value));
      return handler(request, response);
    };
  }

  #send(request: IncomingMessage, response: ServerResponse, name: string, value: string): void {
    const { heads } = this.#options;
    if (heads.isBusy)
      return void heads
        .turn(() => {
          if (!response.closed) this.#send(request, response, name, value);
        })
        .catch((error: unknown) => this.#giveUp(request, response, value, error));
    const wanted = this.#find(name, value);
    if (wanted.file === null) {
      this.#options.trouble.note(request, wanted.path, wanted.reason);
      return answerError(response, wanted.status);
    }
    const { file, path } = wanted;
    const status = response.statusCode;
    const isPlain = status === 200 && (request.method === 'GET' || request.method === 'HEAD');
    const head = heads.headOf(path, file, null, isPlain ? request.headers : {});
    if (!(head instanceof Promise)) return this.#answer(request, response, path, file, head, isPlain);
    head
      .then(
        (made) => this.#answer(request, response, path, file, made, isPlain),
        (error: unknown) => {
          fs.closeSync(file.fd);
          this.#options.trouble.note(request, path, messageOf(error));
          answerError(response);
        },
      )
      .catch((error: unknown) => this.#giveUp(request, response, path, error));
  }

  /** Nobody else would catch the error: the worker would end. The file is closed by then. */
  #giveUp(request: IncomingMessage, response: ServerResponse, path: string, error: unknown): void {
    this.#options.trouble.note(request, path, messageOf(error));
    response.destroy();
  }

  /** An answer with another status than 200 keeps it, and has the whole file. */
  #answer(
    request: IncomingMessage,
    response: ServerResponse,
    path: string,
    file: OpenFile,
    head: FileHead,
    isPlain: boolean,
  ): void {
    for (const name of OF_BODY) if (!response.headersSent) response.removeHeader(name);
    const type = response.hasHeader('content-type') ? undefined : this.#options.heads.typeOf(path);
    const made = isPlain ? head : { ...head, status: response.statusCode };
    answerFile(request, response, file, made, { 'Content-Type': type }, this.#options.openFiles);
  }

  #find(name: string, bytes: string): Wanted {
    const { roots, internal } = this.#options;
    const value = textOf(bytes);
    if (name === SENDFILE) {
      const hint = 'it is in no directory of --sendfile-root';
      return value.startsWith('/')
        ? open(value, roots, hint)
        : outside(value, 'X-Sendfile has no absolute path');
    }
    const found = this.#router.find(value);
    if (found === null) return outside(value, 'X-Accel-Redirect is below no path of --accel-redirect');
    const asked = readNames(value.slice(found.to).replace(/\?.*$/s, ''), isName);
    if (asked === null || asked.isDirectory) return outside(value, 'X-Accel-Redirect has no path of a file');
    const directories = internal.map(({ directory }) => directory);
    const path = join(found.route.directory, ...asked.names);
    return open(path, directories, 'it is in no directory of --accel-redirect');
  }
}

/** Of a header Node has a character for each byte, and paths are UTF-8. What is none is taken for Latin-1. */
function textOf(bytes: string): string {
  if (!/[\x80-\xff]/.test(bytes)) return bytes;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(bytes, 'latin1'));
  } catch {
    return bytes;
  }
}

function open(path: string, roots: readonly string[], otherwise: string): Wanted {
  try {
    const file = openInside(roots, path, isName);
    if (file !== null) return { file, path };
    if (lookAt(path)?.isFile()) return outside(path, otherwise);
    return { file: null, path, status: 404, reason: 'there is no such file' };
  } catch (error) {
    return outside(path, codeOf(error) ?? messageOf(error));
  }
}

function outside(path: string, reason: string): Wanted {
  return { file: null, path, status: 500, reason };
}
