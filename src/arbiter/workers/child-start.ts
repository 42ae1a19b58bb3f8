import { pathToFileURL } from 'node:url';
import type { ChildSpec } from '../../process/child.ts';
import type { MainProgram } from '../../process/main-program.ts';
import type { StartAs } from '../../process/privileges/start-as.ts';
import { type ProgramNote, withNote } from '../../process/program.ts';
import type { Generation } from '../change/generation.ts';

/** What determines how a process that loads the application is started, as a worker or for a trial load. */
export interface Loading {
  readonly generation: Pick<Generation, 'number' | 'privileges' | 'nodeOptions' | 'program' | 'failure'> & {
    readonly loaded: Pick<Generation['loaded'], 'environment' | 'settings'>;
  };
  /** See SpawnOptions. */
  readonly slot: number | null;
  readonly number: number;
}

/** Our own part of such a process. */
export interface OwnPart {
  readonly as: ProgramNote['as'];
  /** Options of Node that are ours. */
  readonly options: readonly string[];
  /** The main module where an export is imported. */
  readonly entry: string;
  /** Where the application's module is the main one: what `--require` and `--import` preload. */
  readonly preload: string;
  readonly programEntry: string;
  /** Preloaded behind what the user preloads. */
  readonly programLast: string;
}

/** How to start a process that loads the application, with whatever wraps it, as the user of the application. */
export function startOf(loading: Loading, own: OwnPart, base: NodeJS.ProcessEnv): StartAs {
  const { generation, slot, number } = loading;
  const { loaded, privileges, nodeOptions, program, failure } = generation;
  const options = nodeOptions?.(number);
  const {
    NODE_APP_INSTANCE: _ofParent,
    TSUNICORN_SLOT: _ofOuter,
    TSUNICORN_ADMIN_TOKEN: _ofArbiter,
    ...inherited
  } = base;
  const env = {
    ...inherited,
    // What PM2 sets. Some programs choose files by it, so the settings may set another value.
    ...(slot === null ? {} : { NODE_APP_INSTANCE: `${slot}` }),
    ...privileges?.identity.environment,
    ...loaded.environment,
    ...(program?.environment ?? {}),
    ...options?.environment,
    ...(slot === null ? {} : { TSUNICORN_SLOT: `${slot}` }),
    TSUNICORN_GENERATION: `${generation.number}`,
  };
  const isProgram = program !== undefined && failure === undefined;
  const { command, env: whole } = isProgram
    ? programStart(program, own, options, env)
    : { command: importStart(own, options, loaded.settings.programArguments), env };
  return privileges?.startAs(command, whole) ?? { command, env: whole };
}

type Options = ReturnType<NonNullable<Generation['nodeOptions']>> | undefined;

function importStart(own: OwnPart, options: Options, args: readonly string[]): ChildSpec['command'] {
  return [process.execPath, ...(options?.execArgv ?? []), ...own.options, own.entry, ...args];
}

/** Node preloads in the order of its options, but those of NODE_OPTIONS first: they go behind ours in the command line. */
function programStart(program: MainProgram, own: OwnPart, options: Options, env: NodeJS.ProcessEnv) {
  const { words, execArgv } = options ?? { words: [], execArgv: [] };
  const preloads = ['--require', own.preload, '--import', pathToFileURL(own.programEntry).href];
  const command: ChildSpec['command'] = [
    process.execPath,
    ...own.options,
    ...preloads,
    ...words,
    ...execArgv,
    ...['--import', pathToFileURL(own.programLast).href],
    program.file,
    ...program.args,
  ];
  return { command, env: withNote(env, { as: own.as, execArgv }) };
}
