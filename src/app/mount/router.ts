import type { Mounted } from '../../support/mounted.ts';
import type { Application } from '../application.ts';

/** An application and the path that it is mounted at: `''`, or `/…` without a slash at its end. */
export interface Route {
  readonly path: string;
  /** How error lines call it. */
  readonly name: string;
  readonly application: Application;
}

/** What a request is under: the route, and where in the target its path begins and ends. */
export interface Found<Kind = Route> {
  readonly route: Kind;
  readonly from: number;
  readonly to: number;
}

const SLASH = 0x2f;

/** Finds what a request is under, such as an application, by the path as it was sent: what is encoded is left so. */
export class Router<Kind extends Pick<Route, 'path'> = Route> {
  readonly #routes: readonly Kind[];
  readonly #rootPath: string;

  /** `rootPath` is that of the whole service, which a proxy may have left in the path. */
  constructor(routes: readonly Kind[], rootPath: string) {
    this.#routes = routes.toSorted((a, b) => b.path.length - a.path.length);
    this.#rootPath = rootPath;
  }

  get routes(): readonly Kind[] {
    return this.#routes;
  }

  /** The route with the longest path; null if there is none. */
  find(url: string): Found<Kind> | null {
    const from = pathStart(url);
    const at = isUnder(url, this.#rootPath, from) ? from + this.#rootPath.length : from;
    for (const route of this.#routes)
      if (isUnder(url, route.path, at))
        return { route, from, to: route.path === '' ? from : at + route.path.length };
    return null;
  }
}

/** Shortens the path of a request for the application that it is under. One at `/` sees the request as it is. */
export function enter(request: Mounted, { from, to }: Pick<Found, 'from' | 'to'>): void {
  if (from === to) return;
  const { url = '' } = request;
  const rest = url.slice(to);
  request.originalUrl ??= url;
  request.baseUrl = (request.baseUrl ?? '') + url.slice(from, to);
  request.url = `${url.slice(0, from)}${rest.charCodeAt(0) === SLASH ? '' : '/'}${rest}`;
}

/** Where the path begins: behind the host of an absolute target. That of `*` is its end. */
function pathStart(url: string): number {
  if (url.charCodeAt(0) === SLASH) return 0;
  return /^https?:\/\/[^/?#]*/i.exec(url)?.[0].length ?? url.length;
}

/** Whether the part from `at` on is the path, or what is below it. */
function isUnder(url: string, path: string, at: number): boolean {
  if (path === '') return true;
  if (!url.startsWith(path, at)) return false;
  const next = url[at + path.length];
  return next === undefined || next === '/' || next === '?' || next === '#';
}
