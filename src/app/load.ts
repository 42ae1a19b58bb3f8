import type { IncomingMessage } from 'node:http';
import { relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { GatewayContext } from '../gateway/context.ts';
import { describe, isClass } from '../support/describe.ts';
import type { BootError } from '../support/errors.ts';
import type { Application } from './application.ts';
import { refuseCluster } from './cluster.ts';
import { detect } from './detect.ts';
import { exportNames, isUntouched, pickExport } from './exports.ts';
import { appError } from './failure.ts';
import { type ListenWatch, watchListening } from './listening.ts';
import { standInForMain } from './main-module.ts';
import { resolveModule } from './resolve.ts';
import { type Held, settle, threw } from './settle.ts';
import { type AppSpec, parseArguments, parseSpec } from './spec.ts';

type Namespace = Readonly<Record<string, unknown>>;

export interface LoadOptions extends ExportOptions {
  /** The directory from which relative paths and packages are resolved. */
  readonly cwd: string;
}

/** What whoever makes an application of an export is given. */
export interface ExportOptions {
  /** Takes errors of the application that no request's handler can reject with. */
  readonly onError: (error: unknown, req?: IncomingMessage) => void;
  /** What applications of the gateway interface are told about the server; see detect(). */
  readonly gateway?: GatewayContext;
}

/**
 * Loads `module:export` or `module:factory(arguments)` and makes an Application of what it finds. Throws a BootError
 * with exit status 4: one line, and the stack of the operator's code where that code threw.
 */
export async function loadApplication(text: string, options: LoadOptions): Promise<Application> {
  const spec = parseSpec(text);
  standInForMain(resolveModule(spec, options.cwd));
  const imported = await importApplication(spec, options.cwd, asProgram(spec));
  return imported.make(options);
}

/** A module that is imported, of whose export no Application has been made yet. */
export interface ImportedModule {
  /** To be called once. Rejects with a BootError. */
  make(options: ExportOptions): Promise<Application>;
}

/** Imports the module of an application; `otherwise` is what else the operator may do with one that listens itself. Rejects with a BootError. */
export async function importApplication(
  spec: AppSpec,
  cwd: string,
  otherwise: string | null = null,
): Promise<ImportedModule> {
  const args = await parseArguments(spec);
  const file = resolveModule(spec, cwd);
  const listening = watchListening(otherwise);
  refuseCluster();
  try {
    const namespace = await importModule(spec, file, cwd);
    if (!exportsAnything(namespace)) throw explainScript(spec, namespace, listening);
    return {
      make: ({ onError, gateway }) =>
        applicationOf(spec, namespace, { onError, ...(gateway ? { gateway } : {}), args, listening }).finally(
          () => listening.end(),
        ),
    };
  } catch (error) {
    listening.end();
    throw error;
  }
}

interface Making extends ExportOptions {
  /** Of a factory. */
  readonly args?: readonly unknown[];
  readonly listening?: ListenWatch;
}

/** Makes an Application of what a module exports under the spec's name. Rejects with a BootError. */
export async function applicationOf(
  spec: AppSpec,
  namespace: Namespace,
  { args = [], listening, ...options }: Making,
): Promise<Application> {
  const { value } = await resolveValue(spec, await pickExport(spec, namespace), args);
  listening?.refuse(spec, value);
  return detect(value, { spec: spec.text, name: nameOf(spec), ...options });
}

async function importModule(spec: AppSpec, file: string, cwd: string) {
  try {
    const namespace: Namespace = await import(pathToFileURL(file).href);
    return namespace;
  } catch (error) {
    const { importError } = await import('./import-failure.ts');
    throw importError(spec.text, relative(cwd, file) || file, error);
  }
}

/** Whether a module, of either kind, exports anything. */
export function exportsAnything(namespace: Namespace): boolean {
  if ('module.exports' in namespace) return !isUntouched(namespace['module.exports']);
  return exportNames(namespace).length > 0;
}

function explainScript(spec: AppSpec, namespace: Namespace, listening: ListenWatch): BootError {
  const cure = exportCure(namespace);
  const listens = listening.places();
  const or = listening.otherwise === null ? '' : `, or ${listening.otherwise}`;
  if (listens.length === 0) return appError(`${spec.text}: ${spec.module} exports nothing; ${cure}${or}`);
  return appError(
    `${spec.text}: ${spec.module} exports nothing and calls listen() itself (${listens.join(', ')}); ${cure}, without calling listen()${or}`,
  );
}

/** How the operator lets a module be a program, of which nothing is imported. */
function asProgram({ module, path }: AppSpec): string {
  const named = path.length === 0 ? '' : ` (${module} alone)`;
  return `serve it as a program${named} in class async or sync`;
}

/** What to write where a module exports nothing. */
export function exportCure(namespace: Namespace): string {
  const example = namespace['module.exports'] ? 'module.exports = app' : 'export const app = …';
  return `export the application, such as \`${example}\``;
}

/** The `module:export` of what is served; null if a factory made it. */
function nameOf({ text, path, call }: AppSpec): string | null {
  if (call !== null) return null;
  return path.length === 0 ? `${text}:default` : text;
}

async function resolveValue(spec: AppSpec, exported: Held, args: readonly unknown[]): Promise<Held> {
  if (spec.call === null) return settle(spec, exported.value, 'the exported promise');
  const { value: factory } = await settle(spec, exported.value, 'the exported promise');
  if (typeof factory !== 'function' || isClass(factory))
    throw appError(
      `${spec.text}: ${describe(factory)} is not a factory; remove the parentheses, or export a function`,
    );
  const name = `${spec.path.join('.')}()`;
  return settle(
    spec,
    call(spec, name, () => factory(...args)),
    name,
  );
}

function call(spec: AppSpec, name: string, make: () => unknown): unknown {
  try {
    return make();
  } catch (error) {
    throw threw(spec, name, 'threw', error);
  }
}
