import { delimiter, resolve } from 'node:path';
import type { ChildSpec } from '../../process/child.ts';
import { COMPANION_VARIABLES } from '../../process/companion.ts';
import { isExecutable } from '../../process/executable.ts';
import type { OwnEnvironment } from '../../process/privileges/accounts.ts';
import type { Privileges } from '../../process/privileges/privileges.ts';
import { findPdeathsig } from '../../process/privileges/setpriv.ts';
import type { CompanionSetting } from '../../settings/catalogue/companions.ts';
import type { LoadedData } from '../../settings/load.ts';
import { nameSetting } from '../../settings/origin.ts';
import { fs } from '../../support/builtins.ts';
import { UsageError } from '../../support/errors.ts';
import { Companions } from './companions.ts';
import type { CompanionPlan, CompanionPlans, Timetable } from './plan.ts';

export interface Surroundings {
  readonly privileges: Privileges | null;
  /** Our own environment, without what the settings add. */
  readonly own: OwnEnvironment;
  /** The environment to which each generation adds its variables; read at each start. */
  readonly base: () => NodeJS.ProcessEnv;
  /** Options of Node for those that run a module. */
  readonly nodeOptions: {
    readonly execArgv: readonly string[];
    readonly environment: Readonly<Record<string, string>>;
  };
}

/** Checks the companions of the settings, and says how to start them. Rejects with a UsageError of one line. */
export async function planCompanions(loaded: LoadedData, around: Surroundings): Promise<CompanionPlans> {
  const { companions } = loaded.settings;
  const source = nameSetting(loaded.origins.companions, 'companions');
  const wrap = await findPdeathsig(around.own);
  const plans = await Promise.all(
    Object.entries(companions).map(async ([name, setting]) => {
      const here = `${source}.${name}`;
      return {
        ...limitsOf(setting, loaded),
        name,
        count: setting.count,
        overlap: setting.overlap,
        required: setting.required,
        timetable: await timetable(here, setting),
        childSpec: starter(here, name, setting, loaded, around, wrap ?? []),
      } satisfies CompanionPlan;
    }),
  );
  return {
    plans,
    unbound: wrap === null ? Object.keys(companions) : [],
    supervise: (options) => new Companions(options),
  };
}

function limitsOf(
  setting: CompanionSetting,
  { settings }: LoadedData,
): Pick<CompanionPlan, 'graceMs' | 'beatMs'> {
  return {
    graceMs: (setting.gracefulTimeout ?? settings.gracefulTimeout) * 1000,
    beatMs: (setting.timeout ?? settings.timeout) * 1000 || Infinity,
  };
}

async function timetable(here: string, { schedule, timeZone }: CompanionSetting): Promise<Timetable | null> {
  if (schedule === null) return null;
  const { timetableOf } = await import('./schedule.ts');
  return timetableOf(here, schedule, timeZone);
}

/** Checks what can be known before the start, so that a mistake is told at once. */
function starter(
  here: string,
  name: string,
  setting: CompanionSetting,
  { settings, environment }: LoadedData,
  { privileges, base, nodeOptions }: Surroundings,
  wrap: readonly string[],
): CompanionPlan['childSpec'] {
  const cwd = existingDirectory(here, resolve(settings.chdir, setting.cwd ?? '.'));
  const ofIdentity = privileges?.identity.environment ?? {};
  const { graceMs, beatMs } = limitsOf(setting, { settings } as LoadedData);
  const envOf = (index: number, generation: number): NodeJS.ProcessEnv => {
    const {
      NODE_APP_INSTANCE: _ofOuter,
      TSUNICORN_SLOT: _ofSlot,
      TSUNICORN_ADMIN_TOKEN: _ofArbiter,
      ...inherited
    } = base();
    return {
      ...inherited,
      ...ofIdentity,
      ...environment,
      ...(typeof setting.run === 'string' ? nodeOptions.environment : {}),
      ...setting.env,
      [COMPANION_VARIABLES.name]: name,
      [COMPANION_VARIABLES.index]: `${index}`,
      [COMPANION_VARIABLES.generation]: `${generation}`,
      [COMPANION_VARIABLES.timeout]: `${beatMs === Infinity ? 0 : beatMs / 1000}`,
      [COMPANION_VARIABLES.gracefulTimeout]: `${graceMs / 1000}`,
    };
  };
  const command =
    typeof setting.run === 'string'
      ? ([
          process.execPath,
          ...nodeOptions.execArgv,
          existingModule(here, settings.chdir, setting.run),
        ] as const)
      : existingCommand(here, cwd, envOf(0, 1).PATH ?? '', setting.run);
  const [first = command[0], ...rest] = [...wrap, ...command];
  const wrapped: ChildSpec['command'] = [first, ...rest];
  return (index, generation) => {
    const env = envOf(index, generation);
    return { cwd, ...(privileges?.startAs(wrapped, env) ?? { command: wrapped, env }) };
  };
}

function existingModule(here: string, chdir: string, run: string): string {
  const path = resolve(chdir, run);
  const stat = fs.statSync(path, { throwIfNoEntry: false });
  if (stat?.isFile()) return path;
  const [first, ...rest] = run.trim().split(/\s+/);
  const cure =
    rest.length > 0
      ? `a command is a list of words: write run: ${JSON.stringify([first, ...rest]).replaceAll('"', "'")}`
      : `write a file, as seen from ${chdir}, or a command as a list: run: ['${run}']`;
  throw new UsageError(
    `${here}.run: ${stat === undefined ? 'no such file' : 'not a file'}: ${path}; ${cure}`,
  );
}

function existingCommand(
  here: string,
  cwd: string,
  path: string,
  words: readonly string[],
): readonly [string, ...string[]] {
  const [file = '', ...args] = words;
  if (file.includes('/')) {
    if (isExecutable(resolve(cwd, file))) return [resolve(cwd, file), ...args];
    throw new UsageError(
      `${here}.run: ${resolve(cwd, file)} is no file that can be executed; correct the path, or its mode`,
    );
  }
  const found = path.split(delimiter).some((directory) => isExecutable(resolve(cwd, directory, file)));
  if (!found)
    throw new UsageError(`${here}.run: the command ${file} is not in PATH; install it, or write its path`);
  return [file, ...args];
}

function existingDirectory(here: string, path: string): string {
  if (fs.statSync(path, { throwIfNoEntry: false })?.isDirectory()) return path;
  throw new UsageError(`${here}.cwd: no such directory: ${path}; create it, or correct the path`);
}
