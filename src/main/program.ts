import type { NamedCommand } from '../app/script/named-command.ts';
import type { MainProgram } from '../process/main-program.ts';
import { classNameOf } from '../settings/class-name.ts';
import { isCommand } from '../settings/command.ts';
import type { LoadedData } from '../settings/load.ts';
import { UsageError } from '../support/errors.ts';

/** The program that the settings name by a command, such as npm start. Throws a UsageError where it cannot be served. */
export async function commandOf(
  { settings, environment }: LoadedData,
  base: NodeJS.ProcessEnv,
): Promise<NamedCommand | null> {
  const { app, chdir } = settings;
  if (app === null || !isCommand(app)) return null;
  if (isMounting(settings))
    throw new UsageError(
      `${app}: a program serves all paths; name its module and export, or leave --mount away`,
    );
  if (classNameOf(settings) === 'thread')
    throw new UsageError(`${app}: class thread runs no programs; use class async or sync (-k async)`);
  const { namedCommand } = await import('../app/script/named-command.ts');
  return namedCommand(app, { cwd: chdir, path: { ...base, ...environment }.PATH ?? '' });
}

/** What each worker runs as its main module: the command's program, or the module of settings that name no export and mount nothing. */
export async function programOf(
  { settings }: LoadedData,
  command: NamedCommand | null,
): Promise<MainProgram | null> {
  const args = settings.programArguments;
  if (command !== null) return { ...command.program, args: [...command.program.args, ...args] };
  if (settings.app === null || isMounting(settings) || classNameOf(settings) === 'thread') return null;
  const { programFile } = await import('../app/script/program-file.ts');
  const file = programFile(settings.app, settings.chdir);
  return file === null ? null : { file, options: [], args, environment: {} };
}

function isMounting({ mount }: LoadedData['settings']): boolean {
  return Object.keys(mount).length > 0;
}
