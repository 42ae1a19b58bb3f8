import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import type { Handler } from '../../../app/application.ts';
import { type Found, Router } from '../../../app/mount/router.ts';
import { fs } from '../../../support/builtins.ts';
import { codeOf, messageOf } from '../../../support/errors.ts';
import { answerError } from '../../answer-error.ts';
import { answerFile } from './answer-file.ts';
import { cacheControlOf } from './cache-control.ts';
import { chooseEncoding, ENCODINGS, type Encoding } from './encodings.ts';
import type { FileHeads } from './file-head.ts';
import { readNames } from './names.ts';
import type { OpenFiles } from './open-files.ts';
import { lookAt, openInside } from './open-inside.ts';
import type { Root } from './roots.ts';
import type { FileTrouble } from './trouble.ts';

export interface StaticFilesOptions {
  readonly roots: readonly Root[];
  readonly rootPath: string;
  /** Whether what is no file is the application's to answer. */
  readonly fallsThrough: boolean;
  readonly maxAgeS: number;
  readonly heads: FileHeads;
  readonly openFiles: OpenFiles;
  readonly trouble: FileTrouble;
}

/** What is at the path of a request. */
type Place = { readonly what: 'file'; readonly path: string } | { readonly what: 'slash' | 'nothing' };

const INDEX = 'index.html';
const NOTHING: Place = { what: 'nothing' };

/** Answers requests for files of directories, before the application. */
export class StaticFiles {
  readonly #options: StaticFilesOptions;
  readonly #router: Router<Root>;

  constructor(options: StaticFilesOptions) {
    this.#options = options;
    this.#router = new Router(options.roots, options.rootPath);
  }

  /** The handler, which gets what is not answered here. */
  guard(handler: Handler): Handler {
    return (request, response) => {
      const found = this.#router.find(request.url ?? '');
      if (found === null) return handler(request, response);
      return this.#handle(request, response, found, handler);
    };
  }

  #handle(request: IncomingMessage, response: ServerResponse, found: Found<Root>, handler: Handler): unknown {
    const { method, url = '' } = request;
    const { fallsThrough } = this.#options;
    if (method !== 'GET' && method !== 'HEAD') {
      if (fallsThrough) return handler(request, response);
      return answerError(response, 405, { Allow: 'GET, HEAD' });
    }
    try {
      const place = placeOf(found.route.directory, pathBehind(url, found.to));
      if (place.what === 'slash') return redirect(response, url);
      const answer = place.what === 'file' && this.#answer(request, response, found.route, place.path);
      if (answer) return answer;
    } catch (error) {
      return this.#failed(request, response, error);
    }
    return fallsThrough ? handler(request, response) : answerError(response, 404);
  }

  /** False where there is no such file. */
  #answer(
    request: IncomingMessage,
    response: ServerResponse,
    { directory }: Root,
    path: string,
  ): boolean | Promise<void> {
    const there = ENCODINGS.filter(({ ending }) => lookAt(path + ending)?.isFile());
    const chosen = chooseEncoding(request.headers['accept-encoding'], there);
    const compressed = chosen && openInside([directory], path + chosen.ending);
    const file = compressed ?? openInside([directory], path);
    if (file === null) return false;
    // What is compressed may lead out of the root, or have gone.
    const encoding = compressed && chosen;
    const { heads, openFiles } = this.#options;
    const head = heads.headOf(path, file, encoding, request.headers);
    const headers = this.#headersOf(path, encoding, there.length > 0);
    if (head instanceof Promise)
      return head.then(
        (made) => answerFile(request, response, file, made, headers, openFiles),
        (error: unknown) => {
          fs.closeSync(file.fd);
          throw error;
        },
      );
    answerFile(request, response, file, head, headers, openFiles);
    return true;
  }

  #headersOf(path: string, encoding: Encoding | null, varies: boolean) {
    const { heads, maxAgeS } = this.#options;
    return {
      'Content-Type': heads.typeOf(path),
      'Cache-Control': cacheControlOf(path.slice(path.lastIndexOf('/') + 1), maxAgeS),
      'Content-Encoding': encoding?.name,
      Vary: varies ? 'Accept-Encoding' : undefined,
    };
  }

  #failed(request: IncomingMessage, response: ServerResponse, error: unknown): void {
    const code = codeOf(error);
    const path = error instanceof Error && 'path' in error ? String(error.path) : '';
    this.#options.trouble.note(request, path, code ?? messageOf(error));
    answerError(response, code === 'EACCES' || code === 'EPERM' ? 403 : 500);
  }
}

/** What is between the path of a root and the query. */
function pathBehind(url: string, from: number): string {
  const end = url.indexOf('?', from);
  return url.slice(from, end < 0 ? undefined : end);
}

function placeOf(directory: string, rest: string): Place {
  const asked = readNames(rest);
  if (asked === null) return NOTHING;
  const path = join(directory, ...asked.names);
  const stats = lookAt(path);
  if (stats?.isDirectory()) {
    const index = join(path, INDEX);
    if (!lookAt(index)?.isFile()) return NOTHING;
    return asked.isDirectory ? { what: 'file', path: index } : { what: 'slash' };
  }
  return stats?.isFile() && !asked.isDirectory ? { what: 'file', path } : NOTHING;
}

/**
 * The names in an index are relative to its path with a slash. So is the location, since a proxy may serve all of this
 * below a path that it takes away.
 */
function redirect(response: ServerResponse, url: string): void {
  const [path = '', ...query] = url.split('?');
  const name = path.slice(path.lastIndexOf('/') + 1);
  response.statusCode = 301;
  response.setHeader('Location', `./${[`${name}/`, ...query].join('?')}`);
  response.setHeader('Content-Type', 'text/plain; charset=utf-8');
  response.end('Moved Permanently\n');
}
