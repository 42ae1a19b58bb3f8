import type { IncomingMessage, ServerResponse } from 'node:http';
import { Condition } from '../log/condition.ts';
import { systemClock } from '../support/clock.ts';
import { describe } from '../support/describe.ts';
import { codeOf, messageOf } from '../support/errors.ts';

// Nothing but its number of parameters shows whether a function is a Node listener or a fetch handler, and that is a guess.
// If the function's behaviour shows that the guess was wrong, the client gets 500 and the log says what to write. The
// guess is never corrected at run time: each worker would correct it at another request, and that request would run twice
// or be answered from arguments of the wrong kind.

/** Watches whether a function is what it was taken for. */
export interface Doubt {
  /**
   * Checks what it has returned or resolved with. If that shows the mistake, it throws an error that says so; if that was
   * logged a moment ago, it answers with a plain 500.
   */
  result(returned: unknown, response: ServerResponse): void;
  /** The error to log for one that it threw: the same, or one that says more. */
  failure(error: unknown, request: IncomingMessage, response: ServerResponse): unknown;
}

const importOf = (name: string) => `${name}(app): import { ${name} } from 'tsunicorn'`;

/** Watches what is called as a Node listener, `since` that is what it looks like. */
export function doubtListener(spec: string, since: string): Doubt {
  const say = (evidence: string) =>
    `${spec}: it was called as a Node listener (req, res), since ${since}, but ${evidence}; a fetch handler is exported as (request) => app(request), or as ${importOf('fetch')}`;
  const mistakes = new Throttle();
  const hints = new Throttle();
  return {
    result(returned, response) {
      if (typeof returned !== 'object' || returned === null) return;
      if (!isResponse(returned) || !isUntouched(response)) return;
      mistakes.fail(say('it returned a Response'), response);
    },
    failure: (error, request, response) =>
      failsForRequest(error, request) && isUntouched(response) ? hints.explain(say, error) : error,
  };
}

/** Watches what is called as a fetch handler; `isSure` where it is marked as one, or is the method of an object. */
export function doubtFetch(spec: string, isSure: boolean): Doubt {
  const say = (evidence: string) =>
    `${spec}: it was called as a fetch handler (request), but ${evidence}; a Node listener is exported as ${importOf('node')}`;
  const cure = isSure
    ? ''
    : `; or, if this is a Node listener, export it as ${importOf('node')}; or, if it is a factory, write the parentheses: module:factory()`;
  const mistakes = new Throttle();
  const hints = new Throttle();
  return {
    result(returned, response) {
      if (isResponse(returned)) return;
      const what = describe(returned);
      mistakes.fail(
        `${spec}: the fetch handler returned ${what}, not a Response; return a Response${cure}`,
        response,
      );
    },
    failure: (error) => (!isSure && failsForResponse(error) ? hints.explain(say, error) : error),
  };
}

/** Whether a value is a Response. By its shape: it may be one of another library, and `instanceof` costs more. */
export function isResponse(value: unknown): value is Response {
  return (
    typeof value === 'object' &&
    value !== null &&
    'status' in value &&
    'headers' in value &&
    'arrayBuffer' in value
  );
}

/** What is wrong with every request is logged for the first one, and then less and less often. */
class Throttle {
  #due: number | null = null;
  readonly #condition = new Condition({
    clock: systemClock,
    say: (_phase, { count }) => {
      this.#due = count;
    },
  });

  /** Throws, or answers with a plain 500 if the log has said it recently. */
  fail(text: string, response: ServerResponse): void {
    const count = this.#next();
    if (count === null) return answerPlainly(response);
    const error = new TypeError(count === 1 ? text : `${text} (${count} requests so far)`);
    // All its frames are ours.
    error.stack = `TypeError: ${error.message}`;
    throw error;
  }

  /** The error with what it probably means; the error alone if the log has said that recently. */
  explain(say: (evidence: string) => string, error: unknown): unknown {
    if (this.#next() === null || !(error instanceof Error)) return error;
    const said = new TypeError(say(`it failed with '${messageOf(error)}'`), { cause: error });
    said.stack = `TypeError: ${said.message}`;
    return said;
  }

  #next(): number | null {
    this.#condition.note();
    const due = this.#due;
    this.#due = null;
    return due;
  }
}

function answerPlainly(response: ServerResponse): void {
  if (response.headersSent) return void response.destroy();
  response.statusCode = 500;
  response.setHeader('content-type', 'text/plain; charset=utf-8');
  response.end('Internal Server Error\n');
}

/** Whether nothing was done that could still lead to an answer: no status, no header, nothing piped into it. */
function isUntouched(response: ServerResponse): boolean {
  if (response.headersSent || response.writableEnded || response.statusCode !== 200) return false;
  // The server itself sets `Connection`.
  return (
    response.getHeaderNames().every((name) => name === 'connection') && response.listenerCount('unpipe') === 0
  );
}

const OF_A_REQUEST =
  /\b(?:headers\.(?:get|has|entries|keys|values|forEach)|json|text|formData|arrayBuffer|blob|bytes|clone) is not a function$/;
const OF_A_RESPONSE =
  /\b(?:setHeader|writeHead|getHeader|removeHeader|appendHeader|flushHeaders|end|write|send|status|json)(?: is not a function|'\))$/;

/** Whether it used an IncomingMessage as a Request, whose `url` would be absolute. */
function failsForRequest(error: unknown, { url }: IncomingMessage): boolean {
  if (!(error instanceof TypeError)) return false;
  if (codeOf(error) === 'ERR_INVALID_URL') return 'input' in error && error.input === url;
  return OF_A_REQUEST.test(error.message);
}

/** Whether it used undefined, or another object, as a ServerResponse. */
function failsForResponse(error: unknown): boolean {
  return error instanceof TypeError && OF_A_RESPONSE.test(error.message);
}
