import { fs } from './builtins.ts';

/** How this process was started: what another start of the same command begins from. */
export interface Start {
  /** What follows the script. */
  readonly argv: readonly string[];
  /** As it was before anything was added to it. */
  readonly env: NodeJS.ProcessEnv;
  /** The working directory as the kernel knows it. */
  readonly cwd: string;
  /** The same directory as the shell knew it, where symbolic links (`current` → `releases/7`) may be part of its name. */
  readonly namedCwd: string;
}

/** To be read before anything changes the environment or the working directory. */
export function readStart(argv: readonly string[]): Start {
  const env = { ...process.env };
  const cwd = process.cwd();
  return { argv, env, cwd, namedCwd: env.PWD && isSame(env.PWD, cwd) ? env.PWD : cwd };
}

function isSame(one: string, other: string): boolean {
  if (one === other) return true;
  const [a, b] = [one, other].map((path) => fs.statSync(path, { throwIfNoEntry: false }));
  return a !== undefined && b !== undefined && a.dev === b.dev && a.ino === b.ino;
}
