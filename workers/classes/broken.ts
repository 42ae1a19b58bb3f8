import type { Application } from '../../src/app/application.ts';
import type { BootFailure } from '../../src/process/ipc/loading.ts';
import { isFrame } from '../../src/support/stack-frames.ts';
import { answerWithError } from '../develop/error-page.ts';
import type { Serve } from '../serving.ts';
import { serveAsync } from './async.ts';

/** In development: answers every request with the reason why the application cannot be loaded. */
export function serveFailure(failure: BootFailure): Serve {
  const error = errorOf(failure);
  const application: Application = {
    what: 'error page',
    handler: (request, response) => answerWithError(error, request, response, failure.place?.lines),
  };
  return (options) => serveAsync({ ...options, load: async () => application });
}

function errorOf({ message, stack, place }: BootFailure): Error {
  const error = new Error(message);
  error.name = 'The application cannot be loaded';
  const frame = place && `    at ${place.file}:${place.line}:${place.column ?? 1}`;
  const frames = stack?.split('\n').filter(isFrame) ?? [];
  // An error of the parser has no stack frames, so its place is made into one.
  error.stack = [`${error.name}: ${message}`, ...(frames.length > 0 || !frame ? frames : [frame])].join('\n');
  return error;
}
