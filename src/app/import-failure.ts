import { resolve } from 'node:path';
import { BootError, codeOf, EXIT, messageOf } from '../support/errors.ts';
import { esModuleCure } from '../support/es-syntax.ts';
import { type ParserPlace, parserPlaceOf } from '../support/stack-frames.ts';
import { appError, stackOf, unreadable } from './failure.ts';
import { aliasingConfig, isDecorated, LOADER_CURE, mayBeDecorator } from './typescript.ts';

/** The error for what was thrown while the module in `file` was imported; `spec` is what the operator wrote. */
export function importError(spec: string, file: string, thrown: unknown): BootError {
  switch (codeOf(thrown)) {
    case 'ERR_MODULE_NOT_FOUND':
    case 'MODULE_NOT_FOUND':
      return missingImport(spec, file, thrown);
    case 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX':
      return appError(
        `${spec}: Node cannot run the TypeScript of ${nameOf(parserPlace(thrown)) ?? file}: ${plain(thrown)}. Only types can be stripped: write it without enum, namespace and parameter properties, or ${LOADER_CURE}`,
        stackOf(thrown),
      );
    case 'ERR_UNKNOWN_FILE_EXTENSION':
      return appError(
        `${spec}: Node cannot load ${file}: ${plain(thrown)}. Use a .ts, .mts, .js, .mjs or .cjs file, or ${LOADER_CURE}`,
      );
  }
  if (isUnreadable(thrown, file)) return unreadable(spec, resolve(file));
  if (thrown instanceof SyntaxError) return syntaxError(spec, file, thrown);
  return appError(`${spec}: ${file} threw while it was loaded: ${messageOf(thrown)}`, stackOf(thrown));
}

/** Whether the module itself cannot be read, as opposed to a file that it reads while it is imported. */
function isUnreadable(thrown: unknown, file: string): boolean {
  return (
    codeOf(thrown) === 'EACCES' &&
    thrown instanceof Error &&
    'path' in thrown &&
    thrown.path === resolve(file)
  );
}

// Node does not tell the place of a parse error in an ES module of JavaScript.
function syntaxError(spec: string, file: string, thrown: SyntaxError): BootError {
  const parsed = parserPlace(thrown);
  if (parsed !== null) {
    const place = nameOf(parsed);
    const cure = esModuleCure(thrown, parsed.file);
    if (cure !== null) return appError(`${spec}: ${place} ${cure}`);
    if (isDecorated(parsed.file, parsed.line))
      return appError(`${spec}: ${place} has a decorator, which Node cannot run; ${LOADER_CURE}`);
    return appError(`${spec}: ${place} has a syntax error: ${plain(thrown)}`, stackOf(thrown));
  }
  const message = `${spec}: ${file} has a syntax error, or a module that it imports: ${plain(thrown)}; ${mayBeDecorator(file, thrown) ? `if it is a decorator, which Node cannot run, ${LOADER_CURE}` : 'node --check shows the line'}`;
  // In development the line is found by this cause.
  return new BootError(message, EXIT.appLoad, undefined, { cause: thrown });
}

function missingImport(spec: string, file: string, thrown: unknown): BootError {
  const text = messageOf(thrown);
  const missing = /^Cannot find (?:package|module) '(.+?)'(?: imported from |$|\s)/.exec(text)?.[1];
  if (missing === undefined) return appError(`${spec}: ${text}`, stackOf(thrown));
  const importer = / imported from (.+)$/.exec(text)?.[1] ?? firstRequirer(thrown) ?? file;
  const config = aliasingConfig(missing, importer);
  if (config !== null)
    return appError(
      `${spec}: '${missing}', imported by ${importer}, is an alias of ${config}, which Node does not know; ${LOADER_CURE}`,
    );
  const isPath = /^[./]/.test(missing) || missing.startsWith('file:');
  const cure = isPath
    ? `check the path; an import must include the extension of the file`
    : `install it: npm install ${packageOf(missing)}`;
  return appError(`${spec}: '${missing}', imported by ${importer}, cannot be found; ${cure}`);
}

function firstRequirer(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error) || !('requireStack' in thrown)) return undefined;
  const stack = thrown.requireStack;
  return Array.isArray(stack) && typeof stack[0] === 'string' ? stack[0] : undefined;
}

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

/** The place at the head of the stack of an error that the parser raised. */
function parserPlace(thrown: unknown): ParserPlace | null {
  const [head = ''] = thrown instanceof Error ? (thrown.stack?.split('\n', 1) ?? []) : [];
  return parserPlaceOf(head);
}

function nameOf(place: ParserPlace | null): string | null {
  return place === null ? null : `${place.file}:${place.line}`;
}

function plain(thrown: unknown): string {
  return messageOf(thrown).replace(/\.$/, '');
}
