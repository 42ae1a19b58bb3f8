/** What a process is started with that runs the application's module as its main module, with our own code preloaded. */
export interface ProgramNote {
  readonly as: 'worker' | 'trial';
  /** NODE_OPTIONS as the program is to find it; null where it is not set. */
  readonly nodeOptions: string | null;
  /** The same of `process.execArgv`. */
  readonly execArgv: readonly string[];
}

/** The environment variable by which our preloaded code gets the note. */
const VARIABLE = 'TSUNICORN_PROGRAM';

/** The environment with the note, and without NODE_OPTIONS: its words belong in the command line, behind our own code. */
export function withNote(env: NodeJS.ProcessEnv, note: Omit<ProgramNote, 'nodeOptions'>): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: nodeOptions = null, ...others } = env;
  const whole: ProgramNote = { ...note, nodeOptions };
  return { ...others, [VARIABLE]: JSON.stringify(whole) };
}

const LOADERS = /^--(?:import|loader|experimental-loader)(?:=|$)/;

/** Whether the user's own options make Node load the main module as it loads ES modules. */
export function importsMain({ nodeOptions, execArgv }: ProgramNote): boolean {
  return [...(nodeOptions ?? '').split(/[\s"]+/), ...execArgv].some((word) => LOADERS.test(word));
}

/** Takes the note out of the environment of this process, and restores what it tells; null where there is none. */
export function takeNote(): ProgramNote | null {
  const text = process.env[VARIABLE];
  if (text === undefined) return null;
  delete process.env[VARIABLE];
  const note: ProgramNote = JSON.parse(text);
  if (note.nodeOptions !== null) process.env.NODE_OPTIONS = note.nodeOptions;
  process.execArgv = [...note.execArgv];
  return note;
}
