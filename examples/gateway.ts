import { type GatewayApplication, wsgi } from '../src/index.ts';

/**
 * The gateway interface, WSGI's shape in JavaScript: an environ in, an iterable of chunks out. In a project, import
 * from 'tsunicorn'. `tsunicorn examples/gateway.ts:app`
 */
const site: GatewayApplication = (environ, startResponse) => {
  switch (`${environ.REQUEST_METHOD} ${environ.PATH_INFO}`) {
    case 'POST /echo':
      return echo(environ, startResponse);
    case 'GET /count':
      return count(environ, startResponse);
    case 'GET /':
    case 'HEAD /':
      startResponse('200 OK', [['Content-Type', 'text/plain; charset=utf-8']]);
      return ['Hello from the gateway\n'];
    default:
      startResponse('404 Not Found', [['Content-Type', 'text/plain; charset=utf-8']]);
      return ['Not found\n'];
  }
};

/** An application may be async: the body of the request is read before the answer begins. */
const echo: GatewayApplication = async (environ, startResponse) => {
  const value = await environ['wsgi.input'].json();
  startResponse('200 OK', [['Content-Type', 'application/json']]);
  return [JSON.stringify(value)];
};

/** A generator: each chunk is sent before the next is requested, and a slow client delays the next. */
async function* count(...[, startResponse]: Parameters<GatewayApplication>) {
  startResponse('200 OK', [['Content-Type', 'text/plain; charset=utf-8']]);
  for (let number = 1; number <= 3; number++) yield `${number}\n`;
}

/** Middleware is a function from application to application. */
function timed(app: GatewayApplication): GatewayApplication {
  return (environ, startResponse) => {
    const startMs = performance.now();
    return app(environ, (status, headers, error) => {
      const took = (performance.now() - startMs).toFixed(1);
      startResponse(status, [...headers, ['Server-Timing', `app;dur=${took}`]], error);
    });
  };
}

export const app = wsgi(timed(site));
