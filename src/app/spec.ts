import { messageOf } from '../support/errors.ts';
import { appError } from './failure.ts';

/** `module:export(arguments)`, taken apart. */
export interface AppSpec {
  /** As the operator wrote it. */
  readonly text: string;
  readonly module: string;
  /** The names of a dotted export; empty for the default export. */
  readonly path: readonly string[];
  /** The source of the arguments, perhaps empty, where the export is a factory to call; otherwise null. */
  readonly call: string | null;
}

const NAME = '[\\p{ID_Start}$_][\\p{ID_Continue}$]*';
const WITH_EXPORT = new RegExp(`^(.+?):(${NAME}(?:\\.${NAME})*)\\s*(?:\\((.*)\\))?$`, 'su');

/**
 * Parses the application setting, or that of a mount, which error lines call by its `label`. Throws a BootError with exit
 * status 4.
 */
export function parseSpec(text: string, label = ''): AppSpec {
  const trimmed = text.trim();
  const named = label === '' ? trimmed : label;
  if (trimmed === '') throw appError('no application given; write module:export, such as server.ts:app');
  const [, module, path, call] = WITH_EXPORT.exec(trimmed) ?? [];
  if (module !== undefined && path !== undefined)
    return { text: named, module, path: path.split('.'), call: call ?? null };
  const colon = trimmed.indexOf(':');
  if (colon >= 0)
    throw appError(
      `${named}: '${trimmed.slice(colon + 1)}' is not the name of an export; write module:export or module:factory(), such as server.ts:app`,
    );
  if (trimmed.endsWith(')'))
    throw appError(`${named}: name the factory, such as server.ts:create() or server.ts:default()`);
  return { text: named, module: trimmed, path: [], call: null };
}

/** The values of a factory's arguments, which are literals in JSON5: "prod", 'dev', 3, true, null, {debug: true}, [1, 2]. */
export async function parseArguments({ text, call }: AppSpec): Promise<readonly unknown[]> {
  if (call === null || call.trim() === '') return [];
  const { default: json5 } = await import('json5');
  try {
    return json5.parse<unknown[]>(`[${call}]`);
  } catch (error) {
    throw appError(
      `${text}: the arguments (${call}) are not literals (${messageOf(error)}); write strings, numbers, booleans, null, {…} or […]`,
    );
  }
}
