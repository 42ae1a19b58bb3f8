import type { Application } from '../application.ts';
import { appError } from '../failure.ts';

/** Throws a BootError for a server of HTTP/2, or of no HTTP at all, in a worker class that cannot serve it. */
export function refuseHttp2({ own, what }: Application, spec: string, workerClass: 'sync' | 'thread'): void {
  if (own?.isRaw)
    throw appError(
      `${spec}: a server that does not speak HTTP (${what}) cannot be served in class ${workerClass}; use -k async`,
    );
  if (!own?.isHttp2) return;
  const why = workerClass === 'sync' ? ', in which each request has a connection of its own' : '';
  throw appError(`${spec}: HTTP/2 (${what}) cannot be served in class ${workerClass}${why}; use -k async`);
}
