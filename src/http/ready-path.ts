import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Handler } from '../app/application.ts';

/** Whether load balancers should send requests here; once off, it stays off. */
export interface Readiness {
  /** From now on the ready path is answered with 503; other requests are served as before. */
  turnOff(): void;
  /** The handler, with the ready path answered in its place once readiness is off. */
  guard(handler: Handler): Handler;
}

/** The readiness that probes ask for at `path`. */
export function readinessAt(path: string): Readiness {
  let isReady = true;
  const isProbe = ({ method, url = '' }: IncomingMessage) =>
    (method === 'GET' || method === 'HEAD') && (url === path || url.startsWith(`${path}?`));
  return {
    turnOff() {
      isReady = false;
    },
    guard: (handler) => (request, response) =>
      !isReady && isProbe(request) ? answerUnready(response) : handler(request, response),
  };
}

/** The connection is kept: a probe might report a closed one as another kind of failure. */
function answerUnready(response: ServerResponse): void {
  response.statusCode = 503;
  response.setHeader('content-type', 'text/plain; charset=utf-8');
  response.setHeader('cache-control', 'no-store');
  response.end('going away\n');
}
