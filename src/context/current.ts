import type { ServerResponse } from 'node:http';
import type { Mounted } from '../support/mounted.ts';
import { host } from './host.ts';
import type { Context } from './store.ts';

/** The context that this code runs in; `what` is used in the error if there is none. */
export function currentContext(what: string): Context {
  const context = host.storage.getStore();
  if (context !== undefined) return context;
  const cure =
    host.service === null
      ? "import 'tsunicorn/context' in the application's own module, so that its requests have contexts, or use it within withApp(app, () => …)"
      : 'use it while a request is handled, not where the module is loaded, or within withApp(app, () => …)';
  throw new Error(`${what} was used outside a context: ${cure}`);
}

/** The context of a request. */
export interface RequestContext extends Context {
  readonly incoming: Mounted;
}

/** The context of the request that this code runs for. */
export function requestContext(what: string): RequestContext {
  const context = currentContext(what);
  if (isOfRequest(context)) return context;
  throw new Error(
    `${what} was used outside a request: in withApp() there are only app, g, log and Local; use it while a request is handled`,
  );
}

/** Whether it is that of a request. */
export function isOfRequest(context: Context): context is RequestContext {
  return context.incoming !== null;
}

/** The context of a request that gets an answer. */
export function answerContext(what: string): RequestContext & { readonly outgoing: ServerResponse } {
  const context = requestContext(what);
  if (hasAnswer(context)) return context;
  throw new Error(`${what} was used in an upgrade, which has no answer; use teardown() to learn of its end`);
}

function hasAnswer(
  context: RequestContext,
): context is RequestContext & { readonly outgoing: ServerResponse } {
  return context.outgoing !== null;
}
