import type { IncomingMessage, ServerResponse } from 'node:http';
import type { GatewayContext } from '../../gateway/context.ts';
import type { Application } from '../application.ts';
import { appError } from '../failure.ts';
import type { Doubt } from '../mistaken.ts';
import { enter, type Route, Router } from './router.ts';

/**
 * Applications under paths as one. Their own servers are not fed: like everything else they get the requests, and the
 * upgrades that they listen for, from the router. A request that is under none of them gets 404.
 */
export function adaptMounts(
  routes: readonly Route[],
  { rootPath, mountPath }: Pick<GatewayContext, 'rootPath' | 'mountPath'>,
): Application {
  for (const route of routes) refuseConnections(route);
  const router = new Router(routes, mountPath === '' ? rootPath : '');
  // Each mount has its own, since one may be within another.
  const taken = Symbol('route');
  const upgrading = router.routes.some(({ application }) => application.upgrade);
  return {
    what: routes.length === 0 ? 'no application' : `mounts: ${routes.map(describe).join(', ')}`,
    handler(request, response) {
      const found = router.find(request.url ?? '');
      if (found === null) return answerNotFound(response);
      enter(request, found);
      Reflect.set(request, taken, found.route);
      return found.route.application.handler(request, response);
    },
    ...(upgrading ? upgradesOf(router) : {}),
    doubt: doubtOf(router.routes, (request) => Reflect.get(request, taken)),
    close: async () => void (await Promise.all(routes.map(({ application }) => application.close?.()))),
  };
}

function describe({ path, application }: Route): string {
  return `${path || '/'} (${application.what})`;
}

/** Refuses what begins before there is a request. */
function refuseConnections({ name, application }: Route): void {
  if (application.own?.isTls)
    throw appError(
      `${name}: an https.Server cannot be mounted, since TLS begins before there is a path; mount its request listener`,
    );
  if (application.own?.isHttp2)
    throw appError(`${name}: HTTP/2 (${application.what}) cannot be mounted; serve it by itself`);
}

function upgradesOf(router: Router): Pick<Application, 'upgrade' | 'takesUpgrade'> {
  return {
    takesUpgrade(request) {
      const application = router.find(request.url ?? '')?.route.application;
      if (application?.upgrade === undefined) return false;
      return application.takesUpgrade?.(request) ?? true;
    },
    upgrade(request, socket, head) {
      const found = router.find(request.url ?? '');
      if (found === null) return;
      enter(request, found);
      const { upgrade, within } = found.route.application;
      const hand = () => upgrade?.(request, socket, head);
      if (within) within(request, socket, hand);
      else hand();
    },
  };
}

/** The doubt of each about its own requests. */
function doubtOf(
  routes: readonly Route[],
  routeOf: (request: IncomingMessage) => Route | undefined,
): Pick<Doubt, 'failure'> & Partial<Doubt> {
  const of = (request: IncomingMessage) => routeOf(request)?.application.doubt;
  const failure: Doubt['failure'] = (error, request, response) =>
    of(request)?.failure(error, request, response) ?? error;
  if (!routes.some(({ application }) => application.doubt?.result)) return { failure };
  return { failure, result: (returned, response) => of(response.req)?.result?.(returned, response) };
}

function answerNotFound(response: ServerResponse): void {
  response.statusCode = 404;
  response.setHeader('content-type', 'text/plain; charset=utf-8');
  response.end('Not Found\n');
}
