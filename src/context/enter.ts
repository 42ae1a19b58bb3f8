import type { AsyncLocalStorage } from 'node:async_hooks';
import type { Application } from '../app/application.ts';
import type { AboutApp } from '../app/contexts.ts';
import { CONTEXT, Context, type InContext } from './store.ts';

/** The application, with a context around each request and each upgrade. */
export function contextual(
  application: Application,
  about: AboutApp,
  storage: AsyncLocalStorage<Context>,
): Application {
  const { handler, doubt } = application;
  return {
    ...application,
    handler(request: InContext, response) {
      const context = new Context(about, request, response, null);
      request[CONTEXT] = context;
      const returned = storage.run(context, handler, request, response);
      context.returned = returned;
      return returned;
    },
    within(request: InContext, socket, hand) {
      const context = new Context(about, request, null, socket);
      request[CONTEXT] = context;
      const { emit } = socket;
      // Whatever comes over it later belongs to the same context.
      socket.emit = (...args: Parameters<typeof emit>) =>
        storage.run(context, () => Reflect.apply(emit, socket, args));
      storage.run(context, hand);
    },
    doubt: {
      ...doubt,
      failure(error, request: InContext, response) {
        const context = request[CONTEXT];
        if (context) context.extras.error = error;
        return doubt ? doubt.failure(error, request, response) : error;
      },
    },
  };
}
