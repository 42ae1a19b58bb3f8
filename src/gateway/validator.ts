import { describe } from '../support/describe.ts';
import { isThenable } from '../support/thenable.ts';
import type { Body, Environ, ErrorOutput, GatewayApplication, Input, ReadOptions } from './types.ts';
import { type Course, checkedBody } from './validate-body.ts';
import { checkEnviron } from './validate-environ.ts';
import { checkHead } from './validate-head.ts';
import { must } from './violation.ts';
import { wsgi } from './wsgi.ts';

/**
 * Middleware that checks both sides of the gateway interface, as wsgiref.validate does for Python: what the server
 * gives and how it reads the answer, what the application answers and how. What breaks a rule throws a
 * GatewayViolation, which says who broke it; a body that the server forgets to close is written to `wsgi.errors` when
 * it has been collected. It is for tests and development.
 */
export function validator(app: GatewayApplication): GatewayApplication {
  must(
    'application',
    typeof app === 'function',
    `is ${describe(app)}, not a function (environ, startResponse)`,
  );
  const unclosed = new FinalizationRegistry<{ readonly course: Course; readonly errors: ErrorOutput }>(
    ({ course, errors }) => {
      if (!course.isClosed) errors.write('GatewayViolation: the server never called close() of a body\n');
    },
  );
  return wsgi((...args) => {
    must('server', args.length === 2, `called the application with ${args.length} arguments, not 2`);
    const [environ, startResponse] = args;
    checkEnviron(environ);
    must('server', typeof startResponse === 'function', `gave ${describe(startResponse)} as startResponse`);
    const errors = environ['wsgi.errors'];
    const course: Course = { isStarted: false, isIterated: false, isAsked: false, isClosed: false };
    const finish = (body: unknown): Body => {
      const checked = checkedBody(body, course);
      unclosed.register(checked, { course, errors });
      return checked;
    };
    // The environ is changed, not copied: outer middleware may want to see what the application adds.
    const checkedEnviron = Object.assign(environ, wrapStreams(environ));
    const returned = app(checkedEnviron, checkedStart(startResponse, course));
    return isThenable(returned) ? returned.then(finish) : finish(returned);
  });
}

function checkedStart(startResponse: (...args: never[]) => void, course: Course) {
  return (...args: readonly unknown[]): void => {
    must('application', !course.isClosed, 'called startResponse() after the end of its body');
    checkHead(args);
    const [, , error] = args;
    const isFirst = !course.isStarted || (error !== undefined && error !== null);
    must('application', isFirst, 'called startResponse() a second time without the error that it answers');
    Reflect.apply(startResponse, undefined, args);
    course.isStarted = true;
  };
}

function wrapStreams(environ: Environ): Pick<Environ, 'wsgi.input' | 'wsgi.errors'> {
  return {
    'wsgi.input': new CheckedInput(environ['wsgi.input']),
    'wsgi.errors': new CheckedOutput(environ['wsgi.errors']),
  };
}

/** Offers only what the interface defines, and checks arguments and results. */
class CheckedInput implements Input {
  readonly #input: Input;

  constructor(input: Input) {
    this.#input = input;
  }

  get signal(): AbortSignal {
    const { signal } = this.#input;
    must('server', signal instanceof AbortSignal, `gave ${describe(signal)} as the signal of wsgi.input`);
    return signal;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const chunk of this.#input) yield checkBytes(chunk);
  }

  async bytes(options?: ReadOptions): Promise<Uint8Array> {
    return checkBytes(await this.#input.bytes(checkLimit(options)));
  }

  async text(options?: ReadOptions): Promise<string> {
    const text: unknown = await this.#input.text(checkLimit(options));
    must('server', typeof text === 'string', `gave ${describe(text)} as the text of wsgi.input`);
    return text;
  }

  json(options?: ReadOptions): Promise<unknown> {
    return this.#input.json(checkLimit(options));
  }
}

class CheckedOutput implements ErrorOutput {
  readonly #output: ErrorOutput;

  constructor(output: ErrorOutput) {
    this.#output = output;
  }

  write(text: unknown): void {
    must('application', typeof text === 'string', `wrote ${describe(text)} to wsgi.errors, not text`);
    this.#output.write(text);
  }

  flush(): void {
    this.#output.flush();
  }
}

function checkBytes(chunk: unknown): Uint8Array {
  must('server', chunk instanceof Uint8Array, `gave ${describe(chunk)} as bytes of wsgi.input`);
  return chunk;
}

function checkLimit(options: ReadOptions | undefined): ReadOptions | undefined {
  const limit = options?.limit;
  const isLimit = limit === undefined || (typeof limit === 'number' && limit >= 0);
  must('application', isLimit, `read wsgi.input with the limit ${describe(limit)}, not a number of bytes`);
  return options;
}
