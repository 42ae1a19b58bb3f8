import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Application } from '../app/application.ts';
import { settleFault } from '../app/client-fault.ts';
import { isThenable } from '../support/thenable.ts';
import { answerError } from './answer-error.ts';

/** Answers a request whose handler threw or rejected; a part of an answer may have been sent before. */
export type AnswerFailure = (error: unknown, request: IncomingMessage, response: ServerResponse) => void;

export interface RunnerOptions {
  readonly application: Pick<Application, 'handler' | 'doubt'>;
  /** An error that the application threw or rejected with while it handled `request`. */
  readonly onError: (error: unknown, request: IncomingMessage) => void;
  /** Where it is null, the answer is a plain 500. */
  readonly answerFailure?: AnswerFailure | null;
}

/** Returns what calls the handler, and settles what it throws or rejects with. */
export function createRunner({ application, onError, answerFailure }: RunnerOptions) {
  const { handler, doubt } = application;
  const look = doubt?.result;
  return run;

  function run(request: IncomingMessage, response: ServerResponse): void {
    try {
      const returned = handler(request, response);
      if (isThenable(returned))
        returned.then(look && ((result) => lookAt(result, request, response)), (error) =>
          fail(error, request, response),
        );
      else look?.(returned, response);
    } catch (error) {
      fail(error, request, response);
    }
  }

  function lookAt(result: unknown, request: IncomingMessage, response: ServerResponse): void {
    try {
      look?.(result, response);
    } catch (error) {
      fail(error, request, response);
    }
  }

  function fail(thrown: unknown, request: IncomingMessage, response: ServerResponse): void {
    if (settleFault(thrown, request, response)) return;
    const error = doubt ? doubt.failure(thrown, request, response) : thrown;
    onError(error, request);
    if (answerFailure) answerFailure(error, request, response);
    else answerError(response);
  }
}
