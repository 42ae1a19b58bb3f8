import type { Stats } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import type { Handler } from '../../../app/application.ts';
import { type Found, Router } from '../../../app/mount/router.ts';
import { fs } from '../../../support/builtins.ts';
import type { Clock } from '../../../support/clock.ts';
import { codeOf, messageOf } from '../../../support/errors.ts';
import { answerError } from '../../answer-error.ts';
import { answerFile, answerSmall } from './answer-file.ts';
import { cacheControlOf } from './cache-control.ts';
import { chooseEncoding, type Encoding } from './encodings.ts';
import { type FileHeads, isConditional, keyOf } from './file-head.ts';
import { readNames } from './names.ts';
import type { OpenFiles } from './open-files.ts';
import { lookAt, openInside } from './open-inside.ts';
import type { Root } from './roots.ts';
import { readNow } from './send-part.ts';
import { SMALL_BYTES, type SmallFile, SmallFiles } from './small-files.ts';
import type { FileTrouble } from './trouble.ts';
import { Variants } from './variants.ts';

export interface StaticFilesOptions {
  readonly roots: readonly Root[];
  readonly rootPath: string;
  /** Whether what is no file is the application's to answer. */
  readonly fallsThrough: boolean;
  readonly maxAgeS: number;
  readonly heads: FileHeads;
  readonly openFiles: OpenFiles;
  readonly trouble: FileTrouble;
  readonly clock: Clock;
}

/** What is at the path of a request. */
type Place =
  | { readonly what: 'file'; readonly path: string; readonly stats: Stats }
  | { readonly what: 'slash' | 'nothing' };

/** What a request wants, and what there is of it. */
interface Wanted {
  readonly root: Root;
  readonly path: string;
  readonly stats: Stats;
}

const INDEX = 'index.html';
const NOTHING: Place = { what: 'nothing' };

/** Answers requests for files of directories, before the application. */
export class StaticFiles {
  readonly #options: StaticFilesOptions;
  readonly #router: Router<Root>;
  readonly #variants: Variants;
  readonly #small: SmallFiles;

  constructor(options: StaticFilesOptions) {
    this.#options = options;
    this.#variants = new Variants(options.clock);
    this.#small = new SmallFiles(options.clock);
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
      if (place.what === 'file') {
        const turn = this.#answer(request, response, { ...place, root: found.route });
        if (turn === 'answered') return;
        if (turn instanceof Promise) return turn;
        if (turn === 'busy')
          return this.#options.heads.turn(() => {
            if (!response.closed) return this.#handle(request, response, found, handler);
          });
      }
    } catch (error) {
      return this.#failed(request, response, error);
    }
    return fallsThrough ? handler(request, response) : answerError(response, 404);
  }

  /** `absent` where there is no such file, `busy` where it has to wait until others have been answered. */
  #answer(
    request: IncomingMessage,
    response: ServerResponse,
    { root: { directory }, path, stats }: Wanted,
  ): 'answered' | 'absent' | 'busy' | Promise<void> {
    const { heads, openFiles } = this.#options;
    const there = this.#variants.of(path);
    const chosen = chooseEncoding(request.headers['accept-encoding'], there);
    const small = isConditional(request.headers) ? null : this.#findSmall(path, stats, chosen);
    if (small !== null) {
      answerSmall(request, response, small, this.#headersOf(path, chosen, there.length > 0));
      return 'answered';
    }
    if (heads.isBusy) return 'busy';
    const compressed = chosen && openInside([directory], path + chosen.ending);
    const file = compressed ?? openInside([directory], path);
    if (file === null) return 'absent';
    // What is compressed may lead out of the root, or have gone.
    const encoding = compressed && chosen;
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
    if (encoding === chosen && file.stats.size <= SMALL_BYTES && !isConditional(request.headers)) {
      const body = readNow(file.fd, 0, file.stats.size);
      if (body === null) response.destroy();
      else {
        const read = { head, body: body.toString('latin1') };
        this.#small.keep(keyOf(path, chosen), file.stats, read);
        answerSmall(request, response, read, headers);
      }
    } else answerFile(request, response, file, head, headers, openFiles);
    return 'answered';
  }

  #findSmall(path: string, stats: Stats, chosen: Encoding | null): SmallFile | null {
    const there = chosen === null ? stats : lookAt(path + chosen.ending);
    return there === undefined ? null : this.#small.find(keyOf(path, chosen), there);
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
    const there = lookAt(index);
    if (!there?.isFile()) return NOTHING;
    return asked.isDirectory ? { what: 'file', path: index, stats: there } : { what: 'slash' };
  }
  return stats?.isFile() && !asked.isDirectory ? { what: 'file', path, stats } : NOTHING;
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
