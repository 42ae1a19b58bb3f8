import { describe } from '../support/describe.ts';
import type { Environ } from './types.ts';
import { must } from './violation.ts';

const REQUIRED = [
  'REQUEST_METHOD',
  'SCRIPT_NAME',
  'PATH_INFO',
  'QUERY_STRING',
  'SERVER_NAME',
  'SERVER_PORT',
  'SERVER_PROTOCOL',
  'wsgi.version',
  'wsgi.url_scheme',
  'wsgi.input',
  'wsgi.errors',
  'wsgi.multithread',
  'wsgi.multiprocess',
  'wsgi.run_once',
];

/** Checks what a server, or a middleware, calls an application with. Throws a GatewayViolation. */
export function checkEnviron(environ: unknown): asserts environ is Environ {
  const isObject = typeof environ === 'object' && environ !== null && !Array.isArray(environ);
  need(isObject, `gave ${describe(environ)} as environ, not an object`);
  const record = environ as Readonly<Record<string, unknown>>;
  for (const key of REQUIRED) need(key in record, `left ${key} out of the environ`);
  for (const key of ['CONTENT_TYPE', 'CONTENT_LENGTH'])
    need(!(`HTTP_${key}` in record), `gave HTTP_${key} in the environ; its name is ${key}`);
  for (const key of Object.keys(record)) if (!key.includes('.')) needText(key, record[key]);
  checkRequest(record as Readonly<Record<string, string>>);
  checkServer(record);
}

function checkRequest(environ: Readonly<Record<string, string>>): void {
  const { REQUEST_METHOD = '', SCRIPT_NAME = '', PATH_INFO = '', CONTENT_LENGTH } = environ;
  need(
    /^[!#$%&'*+.^_`|~\w-]+$/.test(REQUEST_METHOD),
    `gave REQUEST_METHOD '${REQUEST_METHOD}', not a method`,
  );
  need(
    SCRIPT_NAME === '' || /^\/.*[^/]$/s.test(SCRIPT_NAME),
    `gave SCRIPT_NAME '${SCRIPT_NAME}'; it is empty, or begins with a slash and ends without one`,
  );
  const isPath =
    PATH_INFO === '' || PATH_INFO[0] === '/' || (PATH_INFO === '*' && REQUEST_METHOD === 'OPTIONS');
  need(isPath, `gave PATH_INFO '${PATH_INFO}'; it begins with a slash`);
  need(
    SCRIPT_NAME !== '' || PATH_INFO !== '',
    `gave no path: without SCRIPT_NAME, PATH_INFO is at least '/'`,
  );
  need(environ.SERVER_NAME !== '', 'gave no SERVER_NAME');
  need(/^\d+$/.test(environ.SERVER_PORT ?? ''), `gave SERVER_PORT '${environ.SERVER_PORT}', not a number`);
  need(/^\d*$/.test(CONTENT_LENGTH ?? ''), `gave CONTENT_LENGTH '${CONTENT_LENGTH}', not a number`);
}

function checkServer(environ: Readonly<Record<string, unknown>>): void {
  const version = environ['wsgi.version'];
  need(
    Array.isArray(version) && version.length === 2 && version[0] === 1 && version[1] === 0,
    `gave ${describe(version)} as wsgi.version, not [1, 0]`,
  );
  const scheme = environ['wsgi.url_scheme'];
  need(
    scheme === 'http' || scheme === 'https',
    `gave ${describe(scheme)} as wsgi.url_scheme, not http or https`,
  );
  for (const key of ['wsgi.multithread', 'wsgi.multiprocess', 'wsgi.run_once'])
    need(typeof environ[key] === 'boolean', `gave ${describe(environ[key])} as ${key}, not true or false`);
  needMethods(environ, 'wsgi.input', [Symbol.asyncIterator, 'bytes', 'text', 'json']);
  needMethods(environ, 'wsgi.errors', ['write', 'flush']);
}

function needMethods(
  environ: Readonly<Record<string, unknown>>,
  key: string,
  names: readonly PropertyKey[],
): void {
  const value = environ[key];
  for (const name of names) {
    const has = typeof value === 'object' && value !== null && typeof Reflect.get(value, name) === 'function';
    need(has, `gave a ${key} without ${String(name)}()`);
  }
}

function needText(key: string, value: unknown): void {
  need(typeof value === 'string', `gave ${describe(value)} as ${key}, not text`);
}

function need(holds: boolean, fault: string): asserts holds {
  must('server', holds, fault);
}
