import type { IncomingMessage } from 'node:http';
import { relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { messageOf } from '../errors.ts';
import type { GatewayContext } from '../gateway/context.ts';
import type { Application } from './application.ts';
import { describe, isClass } from './describe.ts';
import { detect } from './detect.ts';
import { exportNames, pickExport } from './exports.ts';
import { appError, importError, stackOf } from './failure.ts';
import { type ListenWatch, watchListening } from './listening.ts';
import { resolveModule } from './resolve.ts';
import { type AppSpec, parseArguments, parseSpec } from './spec.ts';

export interface LoadOptions {
  /** What relative paths and packages are resolved from. */
  readonly cwd: string;
  /** Errors of the application that no request's handler can reject with. */
  readonly onError: (error: unknown, req?: IncomingMessage) => void;
  /** What applications of the gateway interface are told of the server; see detect(). */
  readonly gateway?: GatewayContext;
}

/**
 * Loads `module:export` or `module:factory(arguments)` and makes an Application of what it finds. Throws a BootError
 * with exit status 4: one line, and the stack of the operator's code where that code threw.
 */
export async function loadApplication(text: string, { cwd, ...options }: LoadOptions): Promise<Application> {
  const spec = parseSpec(text);
  const args = await parseArguments(spec);
  const file = resolveModule(spec, cwd);
  const listening = watchListening();
  try {
    const namespace = await importModule(spec, file, cwd);
    refuseScript(spec, namespace, listening);
    const value = await resolveValue(spec, pickExport(spec, namespace), args);
    listening.refuse(spec, value);
    return await detect(value, { spec: spec.text, ...options });
  } finally {
    listening.end();
  }
}

async function importModule(spec: AppSpec, file: string, cwd: string) {
  try {
    const namespace: Readonly<Record<string, unknown>> = await import(pathToFileURL(file).href);
    return namespace;
  } catch (error) {
    throw importError(spec.text, relative(cwd, file) || file, error);
  }
}

function refuseScript(
  spec: AppSpec,
  namespace: Readonly<Record<string, unknown>>,
  listening: ListenWatch,
): void {
  const commonJs = namespace['module.exports'];
  // A CommonJS module that never touched its exports has an empty object for them.
  if (exportNames(typeof commonJs === 'object' ? commonJs : namespace).length > 0) return;
  const cure = `export the application, such as \`${commonJs ? 'module.exports = app' : 'export const app = …'}\``;
  const listens = listening.places();
  if (listens.length === 0) throw appError(`${spec.text}: ${spec.module} exports nothing; ${cure}`);
  throw appError(
    `${spec.text}: ${spec.module} exports nothing and listens itself on ${listens.join(', ')}; ${cure}, without calling listen()`,
  );
}

async function resolveValue(spec: AppSpec, exported: unknown, args: readonly unknown[]): Promise<unknown> {
  if (spec.call === null) return settle(spec, exported, 'the exported promise');
  if (typeof exported !== 'function' || isClass(exported))
    throw appError(
      `${spec.text}: ${describe(exported)} is no factory to call; leave the parentheses away or export a function`,
    );
  const name = `${spec.path.join('.')}()`;
  try {
    return await settle(spec, exported(...args), name);
  } catch (error) {
    throw error instanceof Error && error.name === 'BootError' ? error : threw(spec, name, 'threw', error);
  }
}

// Only true promises: Fastify is a thenable too, and it is got ready where it is detected.
async function settle(spec: AppSpec, value: unknown, name: string): Promise<unknown> {
  if (!(value instanceof Promise)) return value;
  try {
    return await value;
  } catch (error) {
    throw threw(spec, name, 'rejected', error);
  }
}

function threw(spec: AppSpec, name: string, verb: string, error: unknown) {
  return appError(`${spec.text}: ${name} ${verb}: ${messageOf(error)}`, stackOf(error));
}
