import { dirname, join } from 'node:path';
import { fs } from '../support/builtins.ts';
import { UsageError } from '../support/errors.ts';

/** How this process was started: what another start of the same command, and each reload, begins from. */
export interface Start {
  /** What follows the script. */
  readonly argv: readonly string[];
  /** As it was before anything was added to it. */
  readonly env: NodeJS.ProcessEnv;
  /** The working directory as the kernel knows it. */
  readonly cwd: string;
  /** The same directory by a name in which symbolic links (`current` → `releases/7`) are left, where one is known. */
  readonly namedCwd: string;
}

/** To be read before anything changes the environment or the working directory. */
export function readStart(argv: readonly string[], script = process.argv[1] ?? ''): Start {
  const env = { ...process.env };
  const cwd = process.cwd();
  return { argv, env, cwd, namedCwd: nameOf(cwd, env, script) };
}

/**
 * The name that the shell has for the directory or, as a service manager tells none, the one that it has in the path of
 * our own command (`/srv/app/current/node_modules/.bin/tsunicorn`); each only where it is the very same directory.
 */
function nameOf(cwd: string, { PWD }: NodeJS.ProcessEnv, script: string): string {
  const names = [...(PWD?.startsWith('/') ? [PWD] : []), ...ancestorsOf(script)];
  return names.find((name) => name !== cwd && isSame(name, cwd)) ?? cwd;
}

/** Our own script, by the name of the working directory where it is in there. */
export function namedScript({ cwd, namedCwd }: Start, script = process.argv[1] ?? ''): string {
  return script.startsWith(`${cwd}/`) ? join(namedCwd, script.slice(cwd.length)) : script;
}

/** Where the name of the working directory leads by now, without links. Throws a UsageError where that is nowhere. */
export function presentCwd({ namedCwd }: Start): string {
  try {
    const cwd = fs.realpathSync(namedCwd);
    if (fs.statSync(cwd).isDirectory()) return cwd;
  } catch {
    // It is gone, or a link to nothing.
  }
  throw new UsageError(`the working directory ${namedCwd} is gone; make it again, or restart elsewhere`);
}

function ancestorsOf(path: string): readonly string[] {
  const above = dirname(path);
  return above === path || !path.startsWith('/') ? [] : [above, ...ancestorsOf(above)];
}

function isSame(one: string, other: string): boolean {
  try {
    const [a, b] = [fs.statSync(one), fs.statSync(other)];
    return a.dev === b.dev && a.ino === b.ino;
  } catch {
    // Not there, or not for us.
    return false;
  }
}
